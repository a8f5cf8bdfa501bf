import { Button, Card, Group, Progress, SimpleGrid, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { IconFileText, IconRulerMeasure } from '@tabler/icons-react'
import { Link, useSearchParams } from 'wouter'
import { useDiagnostics, useMay, usePlant } from '../api/queries.ts'
import type { DiagnosticsAnswer } from '../api/types.ts'
import type { TextName } from '../i18n/locale.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { CalibrationPanel } from '../parts/calibration-panel.tsx'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { Frames } from '../parts/frames.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

type SourceDiagnostics = DiagnosticsAnswer['sources'][number]

/** How the requests of sources fare, and what goes over their connections. */
export function DiagnosticsPage() {
  const { t } = useLocale()
  const { data, error, refetch } = useDiagnostics()
  const { data: plant } = usePlant()
  useLiveSelection('none')
  return (
    <>
      <PageTitle title={t('diagnostics.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={300} /> : null}
      {data?.sources.length === 0 ? <Empty text={t('diagnostics.noSources')} /> : null}
      <Stack>
        {data?.sources.map((source) => (
          <Source
            key={source.key}
            source={source}
            name={plant?.sources.find(({ key }) => key === source.key)?.name ?? source.key}
            isModbus={plant?.sources.find(({ key }) => key === source.key)?.kind === 'modbus'}
            isAsked={plant?.sources.find(({ key }) => key === source.key)?.kind !== 'calculated'}
            deviceName={(key) =>
              plant?.sources.flatMap(({ devices }) => devices).find((device) => device.key === key)?.name ?? key
            }
          />
        ))}
      </Stack>
    </>
  )
}

const counters = [
  ['requests', 'diagnostics.requests'],
  ['timeouts', 'diagnostics.timeouts'],
  ['refusals', 'diagnostics.refusals'],
  ['strays', 'diagnostics.strays'],
  ['skippedCycles', 'diagnostics.skipped'],
  ['connects', 'diagnostics.connects'],
  ['connectFailures', 'diagnostics.connectFailures'],
  ['events', 'diagnostics.events'],
  ['duplicates', 'diagnostics.duplicates'],
  ['late', 'diagnostics.late'],
  ['lostUplinks', 'diagnostics.lostUplinks'],
  ['malformed', 'diagnostics.malformed'],
  ['misfits', 'diagnostics.misfits'],
] as const satisfies readonly (readonly [keyof SourceDiagnostics['counters'], TextName])[]

const ofEvents: readonly string[] = ['events', 'duplicates', 'late', 'lostUplinks', 'malformed']
const ofPolling: readonly string[] = ['timeouts', 'refusals', 'strays', 'skippedCycles']

interface SourceProps {
  readonly source: SourceDiagnostics
  readonly name: string
  readonly isModbus: boolean
  /** Calculated values ask nobody, and nobody sends them anything. */
  readonly isAsked: boolean
  readonly deviceName: (key: string) => string
}

function Source({ source, name, isModbus, isAsked, deviceName }: SourceProps) {
  const { t, number, milliseconds, time } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const { key, state, reason, counters: counts, polling, line, countedSince, devices } = source
  const showsFrames = parameters.get('frames') === key
  const showsCalibration = parameters.get('calibration') === key
  const mayCalibrate = useMay('configure') && isModbus
  const hidden = polling ? ofEvents : ofPolling
  const shown = counters.filter(([counter]) => (isAsked ? !hidden.includes(counter) : counter === 'misfits'))
  const both = (p50: number | null, p99: number | null) =>
    p50 === null || p99 === null ? undefined : `${milliseconds(p50)}, ${milliseconds(p99)}`
  const toggle = (what: 'frames' | 'calibration') =>
    setParameters(
      (before) => {
        if (before.get(what) === key) before.delete(what)
        else before.set(what, key)
        return before
      },
      { replace: true },
    )
  return (
    <Card withBorder component="section" aria-label={name}>
      <Group justify="space-between" mb="xs">
        <Group gap="sm">
          <Title order={2} size="h5">
            {name}
          </Title>
          <StateBadge state={state} />
        </Group>
        <Group gap="xs">
          {mayCalibrate ? (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconRulerMeasure size={14} />}
              onClick={() => toggle('calibration')}
              aria-expanded={showsCalibration}
            >
              {t('calibration.title')}
            </Button>
          ) : null}
          {polling ? (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconFileText size={14} />}
              onClick={() => toggle('frames')}
              aria-expanded={showsFrames}
            >
              {t(showsFrames ? 'diagnostics.hideFrames' : 'diagnostics.showFrames')}
            </Button>
          ) : null}
        </Group>
      </Group>
      {reason ? <Text mb="xs">{reason}</Text> : null}
      {countedSince === undefined ? null : (
        <Text size="sm" className="quiet" mb="xs">
          {t('diagnostics.intro', { time: time(countedSince) })}
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, md: polling ? 2 : 1 }}>
        {polling ? (
          <div>
            <Group justify="space-between" gap={4}>
              <Text size="sm" title={t('diagnostics.loadHint')}>
                {t('diagnostics.load')}
              </Text>
              <Text size="sm" fw={600} className="numeric">
                {number(Math.round(polling.load * 1_000) / 10)} %
              </Text>
            </Group>
            <Progress
              value={Math.min(100, polling.load * 100)}
              color={polling.load > 0.9 ? 'red' : polling.load > 0.7 ? 'orange' : 'cyan'}
              mb="sm"
              aria-label={t('diagnostics.load')}
            />
            <Facts
              facts={[
                [t('diagnostics.underWay'), line ? number(line.underWay) : undefined],
                [t('diagnostics.lateness'), both(polling.latenessP50Ms, polling.latenessP99Ms)],
                [t('diagnostics.roundTrip'), both(polling.roundTripP50Ms, polling.roundTripP99Ms)],
                [
                  t('diagnostics.efficiency'),
                  line?.read && line.read.bytes > 0
                    ? `${number(Math.round((line.read.used / line.read.bytes) * 100))} %`
                    : undefined,
                ],
              ]}
            />
          </div>
        ) : null}
        <SimpleGrid
          cols={{ base: 2, xs: 3, lg: polling ? 4 : 6 }}
          spacing="sm"
          component="dl"
          m={0}
          style={{ alignContent: 'start' }}
        >
          {shown.map(([counter, text]) => (
            <div key={counter}>
              <Text component="dt" size="xs" className="quiet">
                {t(text)}
              </Text>
              <Text component="dd" m={0} fw={600} className="numeric">
                {number(counts[counter] ?? 0)}
              </Text>
            </div>
          ))}
        </SimpleGrid>
      </SimpleGrid>
      {line ? <Devices devices={devices} deviceName={deviceName} /> : null}
      {showsCalibration && mayCalibrate ? (
        <div style={{ marginTop: 12 }}>
          <CalibrationPanel
            source={key}
            devices={devices.map((each) => ({ key: each.key, name: deviceName(each.key) }))}
          />
        </div>
      ) : null}
      {showsFrames ? (
        <div style={{ marginTop: 12 }}>
          <Frames source={key} />
        </div>
      ) : null}
    </Card>
  )
}

function Devices({ devices, deviceName }: Pick<SourceDiagnostics, 'devices'> & Pick<SourceProps, 'deviceName'>) {
  const { t, number, milliseconds } = useLocale()
  const sum = (counts: Readonly<Record<string, number | undefined>> = {}) =>
    Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0)
  return (
    <WideTable
      minWidth={640}
      caption={t('diagnostics.device')}
      numbersFrom={2}
      head={[
        t('diagnostics.device'),
        t('diagnostics.state'),
        t('diagnostics.requests'),
        t('diagnostics.answered'),
        t('device.failures'),
        t('device.refusals'),
        t('diagnostics.roundTrip'),
      ]}
    >
      {devices.map(({ key, state, requests = 0, answered = 0, failures, refusals, roundTrip }) => (
        <Table.Tr key={key} className="numeric">
          <Table.Td>
            <Link href={`/devices/${key}?tab=link`}>{deviceName(key)}</Link>
          </Table.Td>
          <Table.Td>
            <StateBadge state={state} />
          </Table.Td>
          <Table.Td ta="right">{number(requests)}</Table.Td>
          <Table.Td ta="right">{number(answered)}</Table.Td>
          <Table.Td ta="right">{number(sum(failures))}</Table.Td>
          <Table.Td ta="right">{number(sum(refusals))}</Table.Td>
          <Table.Td ta="right">
            {roundTrip ? `${milliseconds(roundTrip.p50)}, ${milliseconds(roundTrip.p99)}` : '–'}
          </Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  )
}
