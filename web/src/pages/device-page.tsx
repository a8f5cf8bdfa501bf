import { Anchor, Breadcrumbs, Card, Grid, Group, Loader, Skeleton, Stack, Tabs, Text } from '@mantine/core'
import { IconChartLine, IconFileText, IconList, IconSend, IconWifi } from '@tabler/icons-react'
import { lazy, Suspense, useCallback } from 'react'
import { Link, useParams, useSearchParams } from 'wouter'
import { useDevice, useDiagnostics, usePlant, useTags } from '../api/queries.ts'
import type { DeviceAnswer, DiagnosticsAnswer, TagAnswer } from '../api/types.ts'
import { canBeDrawn } from '../chart/series.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection, useLiveSources } from '../live/use-live.tsx'
import { Age } from '../parts/age.tsx'
import { DeviceCommands } from '../parts/device-commands.tsx'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { Frames } from '../parts/frames.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { TagTable } from '../parts/tag-table.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { TagDrawer } from './tag-drawer.tsx'

const LiveTrend = lazy(async () => ({ default: (await import('../chart/live-trend.tsx')).LiveTrend }))

const AN_HOUR = 3_600_000
/** More lines than that nobody tells apart. */
const MOST_LINES = 6

/** One device: how it is, its tags, their last hour, its link and its frames. */
export function DevicePage() {
  const { device: key = '' } = useParams<{ device: string }>()
  const { t } = useLocale()
  const { data: device, error } = useDevice(key)
  const { data: plant } = usePlant()
  useLiveSelection({ device: [key] })
  if (error) return <Trouble error={error} />
  if (!device) return <Skeleton h={300} />
  return (
    <>
      <Breadcrumbs mb={4}>
        <Anchor component={Link} href="/plant" size="sm">
          {t('plant.title')}
        </Anchor>
        <Anchor component={Link} href={`/plant?source=${device.source}`} size="sm">
          {plant?.sources.find(({ key }) => key === device.source)?.name ?? device.source}
        </Anchor>
      </Breadcrumbs>
      <Device device={device} />
    </>
  )
}

function Device({ device }: { readonly device: DeviceAnswer }) {
  const { t } = useLocale()
  const { data: tags = [] } = useTags({ device: device.key })
  const { data: plant } = usePlant()
  const source = plant?.sources.find(({ key }) => key === device.source)
  const kind = source?.kind
  const health = useLiveSources()
    ?.find(({ key }) => key === device.source)
    ?.devices.find(({ key }) => key === device.key)
  const [parameters, setParameters] = useSearchParams()
  const tab = parameters.get('tab') ?? 'tags'
  const set = useCallback(
    (name: string, value: string, replace: boolean) =>
      setParameters(
        (before) => {
          before.set(name, value)
          return before
        },
        { replace },
      ),
    [setParameters],
  )
  const open = useCallback((id: string) => set('tag', id, false), [set])
  const isPolled = kind === 'modbus' || kind === 's7'
  return (
    <>
      <PageTitle title={device.name}>{health ? <StateBadge state={health.state} /> : null}</PageTitle>
      <Stack>
        {device.description ? <Text className="quiet">{device.description}</Text> : null}
        {health?.reason ? <Text>{health.reason}</Text> : null}
        <Card withBorder>
          <Grid>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Facts
                facts={[
                  [t('device.source'), `${source?.name ?? device.source}${kind ? ` (${t(`kind.${kind}`)})` : ''}`],
                  [t('device.address'), device.address],
                ]}
              />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Facts
                facts={[
                  [t('device.manufacturer'), device.manufacturer],
                  [t('device.model'), device.model],
                  [t('device.serialNumber'), device.serialNumber],
                ]}
              />
            </Grid.Col>
          </Grid>
        </Card>
        <Tabs value={tab} onChange={(value) => set('tab', value ?? 'tags', true)} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="tags" leftSection={<IconList size={16} />}>
              {t('device.tags')}
            </Tabs.Tab>
            <Tabs.Tab value="trend" leftSection={<IconChartLine size={16} />}>
              {t('device.trend')}
            </Tabs.Tab>
            <Tabs.Tab value="link" leftSection={<IconWifi size={16} />}>
              {t('device.link')}
            </Tabs.Tab>
            <Tabs.Tab value="commands" leftSection={<IconSend size={16} />}>
              {t('device.commands')}
            </Tabs.Tab>
            {isPolled ? (
              <Tabs.Tab value="frames" leftSection={<IconFileText size={16} />}>
                {t('device.frames')}
              </Tabs.Tab>
            ) : null}
          </Tabs.List>
          <Tabs.Panel value="tags">
            <div style={{ display: 'flex', height: Math.min(640, 80 + tags.length * 40) }}>
              <TagTable tags={tags} onOpen={open} emptyText={t('plant.noTags')} />
            </div>
          </Tabs.Panel>
          <Tabs.Panel value="trend">
            <DeviceTrend tags={tags} />
          </Tabs.Panel>
          <Tabs.Panel value="link">
            <DeviceLink device={device} lostUplinks={health?.lostUplinks} tags={tags} onOpen={open} />
          </Tabs.Panel>
          <Tabs.Panel value="commands">
            <DeviceCommands device={device.key} />
          </Tabs.Panel>
          {isPolled ? (
            <Tabs.Panel value="frames">
              <Frames source={device.source} />
            </Tabs.Panel>
          ) : null}
        </Tabs>
      </Stack>
      <TagDrawer />
    </>
  )
}

function DeviceTrend({ tags }: { readonly tags: readonly TagAnswer[] }) {
  const { t, time } = useLocale()
  const drawn = tags.filter((tag) => canBeDrawn(tag) && tag.unit !== undefined).slice(0, MOST_LINES)
  if (drawn.length === 0) return <Empty text={t('trends.notDrawn')} />
  const query = drawn.map(({ id }) => `tag=${encodeURIComponent(id)}`).join('&')
  return (
    <Card withBorder>
      <Group justify="space-between" mb="xs">
        <Text size="sm" className="quiet">
          {t('tag.trendLastHour')}: {drawn.map(({ name }) => name).join(', ')}
        </Text>
        <Anchor component={Link} href={`/trends?${query}`} size="sm">
          {t('tag.trend')}
        </Anchor>
      </Group>
      <Suspense fallback={<Loader />}>
        <LiveTrend
          tags={drawn}
          span={{ last: AN_HOUR }}
          height={320}
          label={(from, to) =>
            t('trends.chart', { tags: drawn.map(({ name }) => name).join(', '), from: time(from), to: time(to) })
          }
        />
      </Suspense>
    </Card>
  )
}

interface LinkProps {
  readonly device: DeviceAnswer
  readonly lostUplinks: number | undefined
  readonly tags: readonly TagAnswer[]
  readonly onOpen: (id: string) => void
}

/** How well the device is reached: requests of a polled one, the radio of a LoRaWAN one. */
function DeviceLink({ device, lostUplinks, tags, onOpen }: LinkProps) {
  const { t, number } = useLocale()
  const { data } = useDiagnostics()
  const figures = data?.sources.find(({ key }) => key === device.source)?.devices.find(({ key }) => key === device.key)
  const ofLink = tags.filter(({ address }) => /^(?:link\.|status:|frames\.)/.test(address))
  const isPolled = figures?.requests !== undefined
  if (!isPolled && ofLink.length === 0 && lostUplinks === undefined) return <Empty text={t('device.noLink')} />
  return (
    <Stack>
      {isPolled ? <RequestFacts figures={figures} /> : null}
      {lostUplinks === undefined ? null : (
        <Card withBorder>
          <Facts facts={[[t('device.lostUplinks'), number(lostUplinks)]]} />
        </Card>
      )}
      {ofLink.length > 0 ? (
        <div style={{ display: 'flex', height: 80 + ofLink.length * 40 }}>
          <TagTable tags={ofLink} onOpen={onOpen} emptyText="" />
        </div>
      ) : null}
    </Stack>
  )
}

type Figures = DiagnosticsAnswer['sources'][number]['devices'][number]

function RequestFacts({ figures }: { readonly figures: Figures }) {
  const { t, number, milliseconds } = useLocale()
  const { requests = 0, answered = 0, failures = {}, refusals = {}, roundTrip, breaker, lastAnswerAt, blocks } = figures
  const counted = (counts: Readonly<Record<string, number | undefined>>) =>
    Object.entries(counts)
      .map(([what, count]) => `${what}: ${number(count ?? 0)}`)
      .join(', ')
  return (
    <Card withBorder>
      <Facts
        facts={[
          [t('device.breaker'), breaker ? t(`device.breaker.${breaker.state}`) : undefined],
          [t('device.requests'), number(requests)],
          [t('device.answered'), number(answered)],
          [t('device.failures'), counted(failures)],
          [t('device.refusals'), counted(refusals)],
          [
            t('device.roundTrip'),
            roundTrip ? `${milliseconds(roundTrip.p50)}, ${milliseconds(roundTrip.p99)}` : undefined,
          ],
          [t('diagnostics.blocks'), blocks === undefined ? undefined : number(blocks)],
          [t('device.lastAnswer'), lastAnswerAt === undefined ? undefined : <Age key="a" at={lastAnswerAt} />],
        ]}
      />
    </Card>
  )
}
