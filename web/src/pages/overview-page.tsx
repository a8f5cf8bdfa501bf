import { Alert, Anchor, Card, Group, Progress, SimpleGrid, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useEvents } from '../api/administration.ts'
import { useHealth, usePlant } from '../api/queries.ts'
import { useSetupClients } from '../api/setup.ts'
import type { GatewayHealthAnswer, PlantAnswer } from '../api/types.ts'
import type { Locale } from '../i18n/locale.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection, useLiveSources } from '../live/use-live.tsx'
import { Age } from '../parts/age.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { EventTable } from '../parts/event-table.tsx'
import { Facts } from '../parts/facts.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { QualityCount } from '../parts/quality.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { needsAttention } from '../parts/states.ts'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { ConnectedClients } from '../setup/connected-clients.tsx'
import { SetupLink } from '../setup/setup-link.tsx'

const EVENTS_SHOWN = 6

/** How everything is, in one sentence, and what needs attention. */
export function OverviewPage() {
  const locale = useLocale()
  const { t } = locale
  useLiveSelection('none')
  const { data: health, error, refetch } = useHealth()
  const { data: plant } = usePlant()
  const liveSources = useLiveSources()
  if (!health) {
    return (
      <>
        <PageTitle title={t('overview.title')} />
        {error ? <Trouble error={error} retry={() => void refetch()} /> : <Skeleton h={220} />}
      </>
    )
  }
  const sources = liveSources ?? health.sources ?? []
  return (
    <>
      <PageTitle title={t('overview.title')}>
        <Text size="sm" className="quiet">
          {t('overview.version', { version: health.version })} ·{' '}
          {t('overview.up', { duration: locale.span(health.now - health.startedAt) })}
        </Text>
      </PageTitle>
      <Stack>
        <Verdict health={health} sources={sources} plant={plant} />
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
          <TagsCard tags={health.tags} />
          <ClientsCard opcua={health.opcua} />
          <StoreCard store={health.store} />
          <EndpointCard endpoints={health.opcua?.endpoints ?? []} />
        </SimpleGrid>
        {sources.length > 0 ? <SourcesCard sources={sources} plant={plant} /> : null}
        {sources.length > 0 ? <DevicesCard sources={sources} plant={plant} /> : null}
        <EventsCard />
        <ConnectedCard />
      </Stack>
    </>
  )
}

type Sources = readonly NonNullable<GatewayHealthAnswer['sources']>[number][]

interface Concern {
  readonly words: string
  /** Where it is seen which; absent: nowhere but here. */
  readonly href?: string
}

/** What is not as it should be, each in words; nothing where all is well. */
function troublesOf(health: GatewayHealthAnswer, sources: Sources, alarms: number, { t, n }: Locale): Concern[] {
  const troubles: Concern[] = []
  if (health.rooms.engine.state !== 'running') troubles.push({ words: t('overview.engineDown') })
  if (health.rooms.opcua.state !== 'running') troubles.push({ words: t('overview.opcuaDown') })
  if (health.store && !health.store.ok) troubles.push({ words: t('overview.storeTrouble') })
  const badSources = sources.filter(({ state }) => ['backoff', 'refused', 'degraded'].includes(state)).length
  if (badSources > 0) troubles.push({ words: n('overview.sourcesTrouble', badSources), href: '/diagnostics' })
  const badDevices = sources.flatMap(({ devices }) => devices).filter(({ state }) => needsAttention(state)).length
  if (badDevices > 0) troubles.push({ words: n('overview.devicesTrouble', badDevices), href: '/plant?devices=trouble' })
  if (health.tags && health.tags.bad > 0)
    troubles.push({ words: n('overview.badTags', health.tags.bad), href: '/plant?quality=bad' })
  if (alarms > 0)
    troubles.push({ words: n('overview.alarmsTrouble', alarms), href: '/events?state=lasting&kind=alarm' })
  return troubles
}

interface VerdictProps {
  readonly health: GatewayHealthAnswer
  readonly sources: Sources
  readonly plant: PlantAnswer | undefined
}

function Verdict({ health, sources, plant }: VerdictProps) {
  const locale = useLocale()
  const { t, n } = locale
  const { data: alarms } = useEvents({ state: 'lasting', kind: 'alarm' }, undefined)
  if (plant && plant.sources.length === 0) {
    return (
      <Alert color="blue">
        <Stack gap="sm" align="flex-start">
          {t('overview.empty')}
          <SetupLink />
        </Stack>
      </Alert>
    )
  }
  const troubles = troublesOf(health, sources, alarms?.events.length ?? 0, locale)
  if (troubles.length > 0) {
    const isServing = health.ready
    return (
      <Alert color={isServing ? 'orange' : 'red'} icon={<IconAlertTriangle />} role="status">
        <Text fw={600}>
          <TroubleList troubles={troubles} />
        </Text>
        {health.store?.reason ? <Text size="sm">{health.store.reason}</Text> : null}
      </Alert>
    )
  }
  const { good = 0, uncertain = 0, bad = 0 } = health.tags ?? {}
  const all = good + uncertain + bad
  const tags = good === all ? n('overview.tags', all) : t('overview.someTags', { good, count: all })
  return (
    <Alert color="green" icon={<IconCircleCheck />} role="status">
      <Text fw={600}>{t('overview.allWell', { sources: n('overview.sources', sources.length), tags })}</Text>
    </Alert>
  )
}

/** The sentence, in which each count leads to what it counts. */
function TroubleList({ troubles }: { readonly troubles: readonly Concern[] }) {
  const { t, language } = useLocale()
  const [before = '', after = ''] = t('overview.attention').split('{what}')
  const words = troubles.map((trouble) => trouble.words)
  let position = 0
  return (
    <>
      {before}
      {new Intl.ListFormat(language).formatToParts(words).map(({ type, value }) => {
        const trouble = type === 'element' ? troubles[position++] : undefined
        if (trouble?.href === undefined) return <span key={`${position} ${value}`}>{value}</span>
        return (
          <Anchor key={value} component={Link} href={trouble.href} inherit c="inherit" underline="always">
            {value}
          </Anchor>
        )
      })}
      {after}
    </>
  )
}

function TagsCard({ tags }: { readonly tags: GatewayHealthAnswer['tags'] }) {
  const { t } = useLocale()
  if (!tags) return null
  const all = Math.max(1, tags.good + tags.uncertain + tags.bad)
  return (
    <Card withBorder component="section" aria-label={t('overview.tagsCard')}>
      <Title order={2} size="h5" mb="xs">
        {t('overview.tagsCard')}
      </Title>
      <Progress.Root size={10} mb="sm" aria-hidden>
        <Progress.Section value={(tags.good / all) * 100} color="green" aria-hidden />
        <Progress.Section value={(tags.uncertain / all) * 100} color="orange" aria-hidden />
        <Progress.Section value={(tags.bad / all) * 100} color="red" aria-hidden />
      </Progress.Root>
      <Stack gap={4}>
        {(['good', 'uncertain', 'bad'] as const).map((quality) => (
          <Link key={quality} href={`/plant?quality=${quality}`} style={{ color: 'inherit', textDecoration: 'none' }}>
            <QualityCount quality={quality} count={tags[quality]} />
          </Link>
        ))}
      </Stack>
    </Card>
  )
}

function ClientsCard({ opcua }: { readonly opcua: GatewayHealthAnswer['opcua'] }) {
  const { t, number } = useLocale()
  return (
    <Card withBorder component="section" aria-label={t('overview.clientsCard')}>
      <Title order={2} size="h5" mb="xs">
        {t('overview.clientsCard')}
      </Title>
      {opcua ? (
        <Facts
          facts={[
            [t('overview.sessions'), number(opcua.sessions)],
            [t('overview.subscriptions'), number(opcua.subscriptions)],
            [t('overview.items'), number(opcua.monitoredItems)],
          ]}
        />
      ) : (
        <Text className="quiet">{t('overview.notServing')}</Text>
      )}
    </Card>
  )
}

function EndpointCard({ endpoints }: { readonly endpoints: readonly string[] }) {
  const { t } = useLocale()
  return (
    <Card withBorder component="section" aria-label={t('overview.endpoint')}>
      <Title order={2} size="h5" mb="xs">
        {t('overview.endpoint')}
      </Title>
      {endpoints.length === 0 ? <Text className="quiet">{t('overview.notServing')}</Text> : null}
      <Stack gap={6}>
        {endpoints.map((endpoint) => (
          <CopyText key={endpoint} text={endpoint} />
        ))}
      </Stack>
    </Card>
  )
}

function StoreCard({ store }: { readonly store: GatewayHealthAnswer['store'] }) {
  const { t, number } = useLocale()
  if (!store) return null
  return (
    <Card withBorder component="section" aria-label={t('overview.storeCard')}>
      <Title order={2} size="h5" mb="xs">
        {t('overview.storeCard')}
      </Title>
      <Facts
        facts={[
          [t('overview.written'), number(store.history.written)],
          [t('overview.lost'), number(store.history.lost)],
          [t('overview.lastCommit'), <Age key="at" at={store.history.lastCommitAt} />],
        ]}
      />
    </Card>
  )
}

interface SourcesProps {
  readonly sources: Sources
  readonly plant: PlantAnswer | undefined
}

function SourcesCard({ sources, plant }: SourcesProps) {
  const { t, n } = useLocale()
  const names = new Map(plant?.sources.map((source) => [source.key, source]))
  return (
    <Card withBorder component="section" aria-label={t('overview.sourcesCard')}>
      <Title order={2} size="h5" mb="xs">
        {t('overview.sourcesCard')}
      </Title>
      <WideTable
        minWidth={520}
        caption={t('overview.sourcesCard')}
        head={[t('overview.source'), t('overview.state'), t('overview.since'), t('overview.reason')]}
      >
        {sources.map(({ key, state, since, reason, devices }) => {
          const source = names.get(key)
          return (
            <Table.Tr key={key}>
              <Table.Td>
                <Link href={`/plant?source=${key}`}>{source?.name ?? key}</Link>
                <Text size="xs" className="quiet">
                  {source ? t(`kind.${source.kind}`) : ''} · {n('overview.deviceCount', devices.length)}
                </Text>
              </Table.Td>
              <Table.Td>
                <StateBadge state={state} />
              </Table.Td>
              <Table.Td>
                <Age at={since} />
              </Table.Td>
              <Table.Td>
                <Text size="sm">{reason}</Text>
              </Table.Td>
            </Table.Tr>
          )
        })}
      </WideTable>
    </Card>
  )
}

function DevicesCard({ sources, plant }: SourcesProps) {
  const { t } = useLocale()
  const names = new Map(plant?.sources.flatMap(({ devices }) => devices).map(({ key, name }) => [key, name]))
  const troubled = sources.flatMap(({ devices }) => devices).filter(({ state }) => needsAttention(state))
  return (
    <Card withBorder component="section" aria-label={t('overview.devices')}>
      <Title order={2} size="h5" mb="xs">
        {t('overview.devices')}
      </Title>
      {troubled.length === 0 ? (
        <Text className="quiet">{t('overview.noTrouble')}</Text>
      ) : (
        <WideTable
          minWidth={480}
          caption={t('overview.devices')}
          head={[t('overview.device'), t('overview.state'), t('overview.reason')]}
        >
          {troubled.map(({ key, state, reason }) => (
            <Table.Tr key={key}>
              <Table.Td>
                <Link href={`/devices/${key}`}>{names.get(key) ?? key}</Link>
              </Table.Td>
              <Table.Td>
                <StateBadge state={state} />
              </Table.Td>
              <Table.Td>
                <Text size="sm">{reason}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </WideTable>
      )}
    </Card>
  )
}

const CLIENTS_EVERY = 10_000

/** What happened last, and what of it lasts. */
function EventsCard() {
  const { t } = useLocale()
  const { data } = useEvents({}, undefined, EVENTS_SHOWN)
  if (!data) return null
  return (
    <Card withBorder component="section" aria-label={t('overview.eventsCard')}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t('overview.eventsCard')}
        </Title>
        <Anchor component={Link} href="/events" size="sm">
          {t('overview.allEvents')}
        </Anchor>
      </Group>
      {data.events.length === 0 ? <Text className="quiet">{t('admin.events.none')}</Text> : null}
      {data.events.length > 0 ? <EventTable events={data.events} /> : null}
    </Card>
  )
}

/** Who reads the plant over OPC UA. */
function ConnectedCard() {
  const { t } = useLocale()
  const { data, error } = useSetupClients(CLIENTS_EVERY)
  return (
    <Card withBorder component="section" aria-label={t('setup.clients')}>
      <Title order={2} size="h5" mb="xs">
        {t('setup.clients')}
      </Title>
      {data && data.clients.length > 0 ? <ConnectedClients clients={data.clients} /> : null}
      {data?.clients.length === 0 ? (
        <Group gap="sm">
          <Text className="quiet">{t('setup.noClients')}</Text>
          <Anchor component={Link} href="/setup?step=client">
            {t('setup.client')}
          </Anchor>
        </Group>
      ) : null}
      {error && !data ? <Text className="quiet">{t('overview.notServing')}</Text> : null}
    </Card>
  )
}
