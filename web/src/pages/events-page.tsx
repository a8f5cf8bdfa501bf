import { Badge, Button, Card, Group, SegmentedControl, Select, Skeleton, Table, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { useEvents } from '../api/administration.ts'
import { usePlant } from '../api/queries.ts'
import type { EventsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection, useNow } from '../live/use-live.tsx'
import { CommandState } from '../parts/command-state.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { StrangeText } from '../parts/strange-text.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

type GatewayEvent = EventsAnswer['events'][number]
const kinds = ['alarm', 'source', 'device', 'devices', 'command', 'gateway'] as const
/** From which severity on: that of a device that does not answer, and what OPC UA calls urgent. */
const severities = ['400', '667'] as const

/** What happened to the gateway, its sources and devices, and what lasts. What is asked for stands in the address. */
export function EventsPage() {
  const { t } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const [before, setBefore] = useState<string>()
  useLiveSelection('none')
  const given = (name: string) => parameters.get(name) ?? undefined
  const filter = { state: given('state'), kind: given('kind'), minSeverity: given('severity'), search: given('search') }
  const { data, error, refetch } = useEvents(filter, before)
  const set = (name: string, value: string | null) => {
    setBefore(undefined)
    setParameters(
      (now) => {
        if (value) now.set(name, value)
        else now.delete(name)
        return now
      },
      { replace: true },
    )
  }
  const isFiltered = Object.values(filter).some((each) => each !== undefined)
  return (
    <>
      <PageTitle title={t('admin.events.title')}>
        <Group gap="xs">
          <Button size="xs" variant="default" disabled={before === undefined} onClick={() => setBefore(undefined)}>
            {t('audit.newest')}
          </Button>
          <Button size="xs" variant="default" disabled={data?.next === undefined} onClick={() => setBefore(data?.next)}>
            {t('audit.older')}
          </Button>
        </Group>
      </PageTitle>
      <Group mb="md" gap="sm" align="flex-end">
        <SegmentedControl
          aria-label={t('admin.events.state')}
          value={filter.state ?? ''}
          onChange={(value) => set('state', value)}
          data={[
            { value: '', label: t('admin.events.all') },
            { value: 'lasting', label: t('admin.events.lasting') },
            { value: 'over', label: t('admin.events.over') },
          ]}
        />
        <Select
          aria-label={t('admin.events.kind')}
          placeholder={t('admin.events.anyKind')}
          value={filter.kind ?? null}
          onChange={(value) => set('kind', value)}
          data={kinds.map((value) => ({ value, label: t(`admin.events.kind.${value}`) }))}
          clearable
          clearButtonProps={{ 'aria-label': t('conf.clear', { name: t('admin.events.kind') }) }}
          w={190}
        />
        <Select
          aria-label={t('admin.events.severity')}
          placeholder={t('admin.events.anySeverity')}
          value={filter.minSeverity ?? null}
          onChange={(value) => set('severity', value)}
          data={severities.map((value) => ({ value, label: t(`admin.events.from.${value}`) }))}
          clearable
          clearButtonProps={{ 'aria-label': t('conf.clear', { name: t('admin.events.severity') }) }}
          w={190}
        />
        <TextInput
          aria-label={t('admin.events.search')}
          placeholder={t('admin.events.search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={filter.search ?? ''}
          maxLength={200}
          onChange={(event) => set('search', event.currentTarget.value)}
          style={{ flex: '1 1 180px' }}
        />
      </Group>
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data?.events.length === 0 ? <Empty text={t(isFiltered ? 'admin.events.noMatch' : 'admin.events.none')} /> : null}
      {data && data.events.length > 0 ? (
        <Card withBorder>
          <WideTable
            minWidth={860}
            caption={t('admin.events.title')}
            head={[
              t('admin.events.severity'),
              t('admin.events.kind'),
              t('admin.events.subject'),
              t('admin.events.text'),
              t('admin.events.since'),
              t('admin.events.until'),
            ]}
          >
            {data.events.map((event) => (
              <Row key={event.id} event={event} />
            ))}
          </WideTable>
        </Card>
      ) : null}
    </>
  )
}

function Row({ event }: { readonly event: GatewayEvent }) {
  const { t, time } = useLocale()
  const { kind, text, since, state } = event
  return (
    <Table.Tr>
      <Table.Td>
        <Severity event={event} />
      </Table.Td>
      <Table.Td>{t(`admin.events.kind.${kind}`)}</Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        <Subject event={event} />
      </Table.Td>
      <Table.Td>
        {state ? <CommandState state={state} /> : null}
        <Text size="sm" component="div">
          <StrangeText text={text} />
        </Text>
      </Table.Td>
      <Table.Td className="numeric">{time(since)}</Table.Td>
      <Table.Td className="numeric">
        <Until event={event} />
      </Table.Td>
    </Table.Tr>
  )
}

/** By word and number, and coloured only while it lasts: what is over is nothing to act upon. */
function Severity({ event: { severity, until } }: { readonly event: GatewayEvent }) {
  const { t } = useLocale()
  const [word, colour] =
    severity >= 667
      ? (['urgent', 'red'] as const)
      : severity >= 400
        ? (['serious', 'orange'] as const)
        : (['note', 'gray'] as const)
  return (
    <Badge color={until === null ? colour : 'gray'} variant="light" radius="sm" tt="none" miw="max-content">
      {t(`admin.events.severity.${word}`)} {severity}
    </Badge>
  )
}

/** By the name that it has in the plant; by its key where it is gone from there. */
function Subject({ event: { kind, subject } }: { readonly event: GatewayEvent }) {
  const { data: plant } = usePlant()
  const [first = '', second = ''] = subject.split('/')
  const source = plant?.sources.find(({ key }) => key === first)
  if (kind === 'device') {
    const name = source?.devices.find(({ key }) => key === second)?.name ?? second
    return (
      <Link href={`/devices/${second}`}>
        <StrangeText text={name} />
      </Link>
    )
  }
  if (kind === 'command') return <Link href={`/devices/${first}?tab=commands`}>{subject}</Link>
  if (kind === 'source' || kind === 'devices') {
    return (
      <Link href={`/plant?source=${first}`}>
        <StrangeText text={source?.name ?? first} />
      </Link>
    )
  }
  return <>{subject}</>
}

function Until({ event: { since, until } }: { readonly event: GatewayEvent }) {
  const locale = useLocale()
  const { t, time } = locale
  const now = useNow()
  if (until === null) return <>{t('admin.events.lasts', { duration: locale.span(now - since) })}</>
  return until > since ? (
    <>
      {time(until)}
      <Text size="xs" className="quiet">
        {locale.span(until - since)}
      </Text>
    </>
  ) : null
}
