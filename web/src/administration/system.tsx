import { Button, Card, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useSystem } from '../api/administration.ts'
import { useMay } from '../api/queries.ts'
import type { SystemAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { byteSize } from '../parts/byte-size.ts'
import { Facts } from '../parts/facts.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { Backups } from './backups.tsx'
import { Settings } from './settings.tsx'

/** The program itself: what it is, what it takes, its backups and its settings. */
export function System() {
  const { t } = useLocale()
  const mayConfigure = useMay('configure')
  const maySecure = useMay('administerSecurity')
  const { data, error, refetch } = useSystem()
  return (
    <>
      <PageTitle title={t('admin.system.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      <Stack>
        {!data && !error ? <Skeleton h={200} /> : null}
        {data ? (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Program system={data} />
            <Storage system={data} />
          </SimpleGrid>
        ) : null}
        {maySecure ? <Backups /> : null}
        {maySecure ? <SupportBundle /> : null}
        {mayConfigure ? <Settings /> : null}
      </Stack>
    </>
  )
}

function Program({ system }: { readonly system: SystemAnswer }) {
  const locale = useLocale()
  const { t, time } = locale
  const { version, licence, builtAt, startedAt, now, node, platform, memory } = system
  const used = byteSize(memory.usedBytes, locale)
  const limit = memory.limitBytes === null ? undefined : byteSize(memory.limitBytes, locale)
  return (
    <Card withBorder component="section" aria-label={t('admin.system.program')}>
      <Title order={2} size="h5" mb="xs">
        {t('admin.system.program')}
      </Title>
      <Facts
        facts={[
          [t('admin.system.version'), version],
          [t('admin.system.licence'), licence],
          [t('admin.system.built'), time(builtAt)],
          [t('admin.system.started'), `${time(startedAt)} (${locale.span(now - startedAt)})`],
          [t('admin.system.runsOn'), `Node ${node}, ${platform}`],
          [t('admin.system.memory'), limit === undefined ? used : t('admin.system.usedOf', { used, limit })],
        ]}
      />
    </Card>
  )
}

const parts = ['history', 'configuration', 'certificates', 'other'] as const

function Storage({ system: { files, disk } }: { readonly system: SystemAnswer }) {
  const locale = useLocale()
  const { t } = locale
  const free = disk.freeBytes === null ? undefined : byteSize(disk.freeBytes, locale)
  const size = disk.sizeBytes === null ? undefined : byteSize(disk.sizeBytes, locale)
  return (
    <Card withBorder component="section" aria-label={t('admin.system.storage')}>
      <Title order={2} size="h5" mb="xs">
        {t('admin.system.storage')}
      </Title>
      <Facts
        facts={[
          ...parts.map((part) => [t(`admin.system.files.${part}`), byteSize(files[part], locale)] as const),
          [
            t('admin.system.free'),
            free === undefined || size === undefined
              ? undefined
              : t('admin.system.usedOf', { used: free, limit: size }),
          ],
        ]}
      />
    </Card>
  )
}

function SupportBundle() {
  const { t } = useLocale()
  return (
    <Card withBorder component="section" aria-label={t('admin.system.support')}>
      <Title order={2} size="h5" mb="xs">
        {t('admin.system.support')}
      </Title>
      <Text size="sm" mb="sm">
        {t('admin.system.supportHint')}
      </Text>
      <div>
        <Button
          component="a"
          href="/api/v1/support-bundle"
          download
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t('admin.system.supportGet')}
        </Button>
      </div>
    </Card>
  )
}
