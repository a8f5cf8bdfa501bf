import { Alert, Button, Card, FileButton, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useChangeCertificates } from '../api/administration.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'

const LARGEST = 1_000_000
const stores = ['application', 'users'] as const

/** Takes certificates and revocation lists that nobody has shown to the server yet. */
export function CertificateUpload() {
  const { t } = useLocale()
  const change = useChangeCertificates()
  const [store, setStore] = useState<(typeof stores)[number]>('application')
  const [isTooLarge, setTooLarge] = useState(false)
  const take = async (kind: 'certificate' | 'list', file: File | null) => {
    if (!file) return
    setTooLarge(file.size > LARGEST)
    change.reset()
    if (file.size > LARGEST) return
    const content = textOf(new Uint8Array(await file.arrayBuffer()))
    change.mutate(kind === 'list' ? { store, list: content } : { store, certificate: content })
  }
  return (
    <Card withBorder component="section" aria-label={t('admin.certificates.upload')}>
      <Title order={2} size="h5" mb="xs">
        {t('admin.certificates.upload')}
      </Title>
      <Stack gap="sm">
        <Text size="sm">{t('admin.certificates.uploadHint')}</Text>
        <SegmentedControl
          aria-label={t('admin.certificates.kind')}
          value={store}
          onChange={setStore}
          data={stores.map((value) => ({ value, label: t(`admin.certificates.of.${value}`) }))}
          style={{ alignSelf: 'flex-start' }}
        />
        <Group>
          {(['certificate', 'list'] as const).map((kind) => (
            <FileButton
              key={kind}
              accept={kind === 'list' ? '.pem,.crl,.der' : '.pem,.der,.crt,.cer'}
              onChange={(file) => void take(kind, file)}
            >
              {(props) => (
                <Button variant="default" loading={change.isPending} {...props}>
                  {t(`admin.certificates.upload.${kind}`)}
                </Button>
              )}
            </FileButton>
          ))}
        </Group>
        {isTooLarge ? (
          <Text size="sm" role="alert">
            {t('conf.tooLarge', { size: LARGEST / 1_000_000 })}
          </Text>
        ) : null}
        {change.error ? <Trouble error={change.error} /> : null}
        {change.isSuccess ? (
          <Alert color="green" role="status" p="xs">
            {t('admin.certificates.taken')}
          </Alert>
        ) : null}
      </Stack>
    </Card>
  )
}

/** PEM as it stands; DER as Base64. */
function textOf(content: Uint8Array): string {
  const text = Array.from(content, (byte) => String.fromCharCode(byte)).join('')
  return text.includes('-----BEGIN ') ? text : btoa(text)
}
