import { Alert, Card, Code, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { useState } from 'react'
import {
  type CertificateWish,
  type KnownCertificate,
  useCertificates,
  useChangeCertificates,
} from '../api/administration.ts'
import type { CertificatesAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { StrangeText } from '../parts/strange-text.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { CertificateRow, commonNameOf } from './certificate-facts.tsx'
import { CertificateUpload } from './certificate-upload.tsx'

type Place = 'trusted' | 'rejected' | 'revoked'

/** In the order of what an administrator comes for: who waits for him, and then everybody else. */
const places = ['rejected', 'own', 'trusted', 'issuer', 'revoked'] as const
const decisions: Readonly<Record<KnownCertificate['place'], readonly Place[]>> = {
  own: [],
  rejected: ['trusted', 'revoked'],
  trusted: ['rejected', 'revoked'],
  issuer: ['rejected', 'revoked'],
  revoked: ['trusted'],
}

/** Whom the OPC UA server trusts, who waits to be trusted, and who it is itself. */
export function Certificates() {
  const { t } = useLocale()
  const { data, error, refetch } = useCertificates()
  const change = useChangeCertificates()
  const [asked, setAsked] = useState<{ readonly of: KnownCertificate; readonly place: Place }>()
  const ask = (of: KnownCertificate, place: Place) => {
    change.reset()
    setAsked({ of, place })
  }
  const make = (wish: CertificateWish) => change.mutate(wish, { onSuccess: () => setAsked(undefined) })
  return (
    <>
      <PageTitle title={t('admin.certificates.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={300} /> : null}
      {data ? (
        <Stack>
          {places.map((place) => (
            <Place
              key={place}
              place={place}
              certificates={data.certificates.filter((each) => each.place === place)}
              onAsk={ask}
            />
          ))}
          <Lists lists={data.lists} />
          <CertificateUpload />
        </Stack>
      ) : null}
      {asked ? (
        <Confirm
          title={t(`admin.certificates.${asked.place}Title`)}
          act={t(`admin.certificates.make.${asked.place}`)}
          isBusy={change.isPending}
          error={change.error}
          onAct={() => make(asked)}
          onClose={() => setAsked(undefined)}
        >
          <Text fw={600} component="div">
            <StrangeText text={commonNameOf(asked.of)} />
          </Text>
          <Code block my="xs" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {asked.of.thumbprint}
          </Code>
          {t(`admin.certificates.${asked.place}Text`)}
        </Confirm>
      ) : null}
    </>
  )
}

interface PlaceProps {
  readonly place: KnownCertificate['place']
  readonly certificates: readonly KnownCertificate[]
  readonly onAsk: (of: KnownCertificate, place: Place) => void
}

function Place({ place, certificates, onAsk }: PlaceProps) {
  const { t } = useLocale()
  const title = t(`admin.certificates.place.${place}`)
  const empty = place === 'rejected' || place === 'trusted' ? t(`admin.certificates.none.${place}`) : undefined
  if (certificates.length === 0 && empty === undefined) return null
  return (
    <Card withBorder component="section" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      <Text size="sm" className="quiet" mb="xs">
        {certificates.length === 0 ? empty : t(`admin.certificates.hint.${place}`)}
      </Text>
      {certificates.length > 0 ? (
        <WideTable
          minWidth={760}
          caption={title}
          head={[
            t('admin.certificates.whose'),
            t('admin.certificates.kind'),
            t('admin.certificates.thumbprint'),
            t('admin.certificates.validity'),
            '',
          ]}
        >
          {certificates.map((each) => (
            <CertificateRow
              key={`${each.store} ${each.thumbprint}`}
              certificate={each}
              acts={decisions[place].map((to) => ({
                words: t(`admin.certificates.make.${to}`),
                isMain: place === 'rejected' && to === 'trusted',
                onAct: () => onAsk(each, to),
              }))}
            />
          ))}
        </WideTable>
      ) : null}
    </Card>
  )
}

function Lists({ lists }: { readonly lists: CertificatesAnswer['lists'] }) {
  const { t, time } = useLocale()
  if (lists.length === 0) return null
  return (
    <Card withBorder component="section" aria-label={t('admin.certificates.lists')}>
      <Title order={2} size="h5" mb="xs">
        {t('admin.certificates.lists')}
      </Title>
      <Alert color="blue" variant="light" p="xs" mb="xs">
        {t('admin.certificates.listsHint')}
      </Alert>
      <WideTable
        minWidth={520}
        caption={t('admin.certificates.lists')}
        head={[t('admin.certificates.authority'), t('admin.certificates.kind'), t('admin.certificates.listSince')]}
      >
        {lists.map(({ store, authority, thumbprint, since }) => (
          <Table.Tr key={`${store} ${thumbprint}`}>
            <Table.Td>
              <StrangeText text={authority} />
            </Table.Td>
            <Table.Td>{t(`admin.certificates.of.${store}`)}</Table.Td>
            <Table.Td className="numeric">{time(since)}</Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </Card>
  )
}
