import { Badge, Table, Text } from '@mantine/core'
import { Link } from 'wouter'
import { usePlant } from '../api/queries.ts'
import type { EventsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useNow } from '../live/use-live.tsx'
import { CommandState } from './command-state.tsx'
import { StrangeText } from './strange-text.tsx'
import { WideTable } from './wide-table.tsx'

type GatewayEvent = EventsAnswer['events'][number]

export function EventTable({ events }: { readonly events: readonly GatewayEvent[] }) {
  const { t } = useLocale()
  return (
    <WideTable
      minWidth={860}
      className="events"
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
      {events.map((event) => (
        <Row key={event.id} event={event} />
      ))}
    </WideTable>
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
      <Table.Td style={{ overflowWrap: 'anywhere', minWidth: 130 }}>
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
