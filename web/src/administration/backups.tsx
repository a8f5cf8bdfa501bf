import { Alert, Button, Card, Code, Group, Skeleton, Table, Text, Title } from '@mantine/core'
import { useBackups, useMakeBackup, useVerifyBackup } from '../api/administration.ts'
import type { BackupsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { byteSize } from '../parts/byte-size.ts'
import { Empty } from '../parts/empty.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

/** The backups that there are, and another one. */
export function Backups() {
  const { t } = useLocale()
  const { data, error, refetch } = useBackups()
  const make = useMakeBackup()
  return (
    <Card withBorder component="section" aria-label={t('admin.backups.title')}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t('admin.backups.title')}
        </Title>
        <Button size="xs" loading={make.isPending} onClick={() => make.mutate()}>
          {t('admin.backups.make')}
        </Button>
      </Group>
      {make.error ? <Trouble error={make.error} /> : null}
      {make.data ? (
        <Alert color="green" role="status" p="xs" mb="xs">
          {t('admin.backups.made', { backup: make.data.backup, files: make.data.files })}
        </Alert>
      ) : null}
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={120} /> : null}
      {data ? <Known known={data} /> : null}
    </Card>
  )
}

function Known({ known }: { readonly known: BackupsAnswer }) {
  const { t } = useLocale()
  const { folder, data, schedule, keep, backups } = known
  const newest = backups[0]?.name ?? 'penstock-…'
  return (
    <>
      <Text size="sm" mb="xs">
        {schedule === null
          ? t('admin.backups.notScheduled', { folder })
          : t('admin.backups.scheduled', { schedule, folder })}
        {keep === null ? '' : ` ${t('admin.backups.keep', { count: keep })}`}
      </Text>
      {backups.length === 0 ? (
        <Empty text={t('admin.backups.none')} />
      ) : (
        <WideTable
          minWidth={620}
          caption={t('admin.backups.title')}
          head={[
            t('admin.backups.name'),
            t('admin.backups.at'),
            t('admin.backups.size'),
            t('admin.system.version'),
            '',
          ]}
        >
          {backups.map((backup) => (
            <Row key={backup.name} backup={backup} />
          ))}
        </WideTable>
      )}
      <Text size="sm" mt="sm">
        {t('admin.backups.restore')}
      </Text>
      <Code block mt={4} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {`penstock restore ${folder}/${newest} --data ${data} --replace`}
      </Code>
    </>
  )
}

function Row({ backup }: { readonly backup: BackupsAnswer['backups'][number] }) {
  const locale = useLocale()
  const { t, time } = locale
  const verify = useVerifyBackup()
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{backup.name}</Table.Td>
      <Table.Td className="numeric">{time(Date.parse(backup.at))}</Table.Td>
      <Table.Td className="numeric">{byteSize(backup.bytes, locale)}</Table.Td>
      <Table.Td className="numeric">{backup.program}</Table.Td>
      <Table.Td ta="right">
        {verify.error ? <Trouble error={verify.error} /> : null}
        {verify.data ? (
          <Text size="sm" role="status">
            {t('admin.backups.whole', { files: verify.data.files })}
          </Text>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            loading={verify.isPending}
            onClick={() => verify.mutate(backup.name)}
            aria-label={t('admin.backups.verifyOne', { name: backup.name })}
          >
            {t('admin.backups.verify')}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  )
}
