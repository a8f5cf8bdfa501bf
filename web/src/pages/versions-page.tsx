import { Alert, Anchor, Button, Card, Drawer, Group, List, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useDifferences, useRestore, useVersion, useVersions } from '../api/configuration.ts'
import { ConfigurationTabs } from '../configuration/configuration-tabs.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { PageTurner } from '../parts/page-turner.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

/** Every configuration that was in force: who made it, when and why, what it changed; any of them can be restored. */
export function VersionsPage() {
  const { t, time } = useLocale()
  const [before, setBefore] = useState<number>()
  const [chosen, setChosen] = useState<number>()
  const { data, error, refetch } = useVersions(before)
  const restore = useRestore()
  useLiveSelection('none')
  return (
    <>
      <ConfigurationTabs current="versions" />
      <PageTitle title={t('conf.tab.versions')}>
        <PageTurner before={before} next={data?.next} onTurn={setBefore} />
      </PageTitle>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {restore.data ? (
        <Alert color="green" mb="md" role="status">
          {t('conf.applied', { version: restore.data.version })}
        </Alert>
      ) : null}
      {data ? (
        <Card withBorder>
          <WideTable
            minWidth={620}
            caption={t('conf.tab.versions')}
            head={[t('conf.version'), t('audit.when'), t('audit.who'), t('conf.why'), '']}
          >
            {data.versions.map(({ id, at, by, comment }) => (
              <Table.Tr key={id}>
                <Table.Td className="numeric">{id}</Table.Td>
                <Table.Td className="numeric">{time(at)}</Table.Td>
                <Table.Td>
                  {by.user}
                  <Text size="xs" className="quiet">
                    {[by.origin, by.address].filter((each) => each !== undefined).join(' · ')}
                  </Text>
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{comment}</Table.Td>
                <Table.Td>
                  <Button size="compact-sm" variant="subtle" onClick={() => setChosen(id)}>
                    {t('conf.look', { version: id })}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        </Card>
      ) : (
        <Skeleton h={240} />
      )}
      <Drawer
        opened={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        position="right"
        size="lg"
        title={chosen === undefined ? '' : t('conf.versionTitle', { version: chosen })}
        closeButtonProps={{ 'aria-label': t('conf.close') }}
      >
        {chosen === undefined ? null : (
          <Version
            id={chosen}
            isHolding={before === undefined && data?.versions[0]?.id === chosen}
            restoring={restore.isPending}
            trouble={restore.error}
            onRestore={() =>
              restore.mutate({ version: chosen, comment: '' }, { onSuccess: () => setChosen(undefined) })
            }
          />
        )}
      </Drawer>
    </>
  )
}

interface VersionProps {
  readonly id: number
  readonly isHolding: boolean
  readonly restoring: boolean
  readonly trouble: Error | null
  readonly onRestore: () => void
}

function Version({ id, isHolding, restoring, trouble, onRestore }: VersionProps) {
  const { t } = useLocale()
  const { data, error } = useVersion(id)
  const { data: differences } = useDifferences(id)
  if (error) return <Trouble error={error} />
  if (!data) return <Skeleton h={200} />
  return (
    <Stack>
      <Differences title={t('conf.didChange')} changes={data.changes} />
      {isHolding ? (
        <Text>{t('conf.holds')}</Text>
      ) : (
        <>
          <Differences title={t('conf.sinceThen')} changes={differences?.changes ?? []} />
          {trouble ? <Trouble error={trouble} /> : null}
          <Group>
            <Button loading={restoring} onClick={onRestore}>
              {t('conf.restore', { version: id })}
            </Button>
          </Group>
        </>
      )}
      <Anchor href={`/api/v1/configuration.yaml?version=${id}`} download size="sm">
        {t('conf.exportYaml')}
      </Anchor>
    </Stack>
  )
}

const MOST_SHOWN = 300

function Differences({ title, changes }: { readonly title: string; readonly changes: readonly string[] }) {
  const { t } = useLocale()
  return (
    <div>
      <Title order={3} size="h6">
        {title}
      </Title>
      <List size="sm" spacing={4}>
        {changes.slice(0, MOST_SHOWN).map((words) => (
          <List.Item key={words} style={{ overflowWrap: 'anywhere' }}>
            {words}
          </List.Item>
        ))}
      </List>
      {changes.length === 0 ? <Text size="sm">{t('conf.same')}</Text> : null}
      {changes.length > MOST_SHOWN ? (
        <Text size="sm">{t('conf.andMore', { count: changes.length - MOST_SHOWN })}</Text>
      ) : null}
    </div>
  )
}
