import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core'
import type { KnownCertificate } from '../api/administration.ts'
import type { Locale } from '../i18n/locale.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useNow } from '../live/use-live.tsx'
import { StrangeText } from '../parts/strange-text.tsx'

const SOON = 30 * 86_400_000

/** The name that a subject is known by: its common name, where it has one, without the escapes of RFC 2253. */
export const commonNameOf = ({ subject, thumbprint }: KnownCertificate): string => {
  const name = /(?:^|(?<!\\), )CN=(.+?)(?=(?<!\\), [A-Z]{1,2}=|$)/.exec(subject)?.[1] ?? subject
  return name.replace(/\\([,+"<>;\\#= ])/g, '$1') || thumbprint
}

interface CertificateRowProps {
  readonly certificate: KnownCertificate
  /** What can be decided, and is asked about before it is done. */
  readonly acts: readonly { readonly words: string; readonly isMain?: boolean; readonly onAct: () => void }[]
}

/** One certificate, in words and with what it is known by. */
export function CertificateRow({ certificate, acts }: CertificateRowProps) {
  const locale = useLocale()
  const { t } = locale
  const { subject, issuer, applicationUri, thumbprint, store, isAuthority } = certificate
  const name = commonNameOf(certificate)
  return (
    <Table.Tr>
      <Table.Td maw={420}>
        <Text size="sm" fw={600} component="div">
          <StrangeText text={name} />
        </Text>
        {[subject === name ? '' : subject, applicationUri].filter(Boolean).map((each) => (
          <Text key={each} size="xs" className="quiet" component="div">
            <StrangeText text={each} />
          </Text>
        ))}
        <Text size="xs" className="quiet" component="div">
          {issuer === subject ? (
            t('admin.certificates.selfSigned')
          ) : (
            <>
              {t('admin.certificates.issuedBy')} <StrangeText text={issuer} />
            </>
          )}
        </Text>
      </Table.Td>
      <Table.Td>
        {t(`admin.certificates.of.${store}`)}
        {isAuthority ? (
          <Text size="xs" className="quiet">
            {t('admin.certificates.authority')}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>
        <Text size="xs" ff="monospace" w={200}>
          {groups(thumbprint)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Validity certificate={certificate} locale={locale} />
      </Table.Td>
      <Table.Td>
        <Stack gap={4} align="flex-end">
          {acts.map(({ words, isMain = false, onAct }) => (
            <Button
              key={words}
              size="compact-sm"
              variant={isMain ? 'filled' : 'default'}
              onClick={onAct}
              aria-label={`${words}: ${name}`}
            >
              {words}
            </Button>
          ))}
          <Button
            size="compact-sm"
            variant="subtle"
            component="a"
            href={`/api/v1/certificates/${store}/${thumbprint}/certificate.pem`}
            download
            aria-label={`${t('admin.certificates.download')}: ${name}`}
          >
            {t('admin.certificates.download')}
          </Button>
        </Stack>
      </Table.Td>
    </Table.Tr>
  )
}

/** In fours, to be compared with another screen. */
const groups = (thumbprint: string): string => thumbprint.replace(/(.{4})(?=.)/g, '$1 ')

function Validity({ certificate, locale }: { readonly certificate: KnownCertificate; readonly locale: Locale }) {
  const { t } = locale
  const now = useNow(60_000)
  const { validFrom, validTo, place } = certificate
  if (validTo === null || validFrom === null) return <>{t('admin.certificates.unreadable')}</>
  const day = new Date(validTo).toLocaleDateString(locale.region, { dateStyle: 'medium' })
  const isReliedOn = place !== 'rejected' && place !== 'revoked'
  const left = validTo - now
  return (
    <Stack gap={2}>
      <Text size="sm">{t('admin.certificates.until', { day })}</Text>
      {left <= 0 || validFrom > now ? (
        <Badge color="red" variant="light" radius="sm" tt="none">
          {t(left <= 0 ? 'admin.certificates.ended' : 'admin.certificates.notYet')}
        </Badge>
      ) : left <= SOON && isReliedOn ? (
        <Group gap={4}>
          <Badge color="orange" variant="light" radius="sm" tt="none">
            {t('admin.certificates.endsIn', { duration: locale.span(left) })}
          </Badge>
        </Group>
      ) : null}
    </Stack>
  )
}
