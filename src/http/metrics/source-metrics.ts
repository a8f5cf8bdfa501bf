import type { RequestFailure, SourceDiagnostics } from '../../core/diagnostics.ts'
import { deviceStates, type SourceCounter, type SourceHealth, sourceCounters, sourceStates } from '../../core/health.ts'
import { labelled, type Metric, ofSources, type Series, type Snapshot, seconds } from './metric.ts'

/** Lost uplinks become fewer when one comes late: they are no counter, and are told apart below. */
type Counted = Exclude<SourceCounter, 'lostUplinks'>

const counted: Readonly<Record<Counted, readonly [name: string, help: string]>> = {
  connects: ['connects', 'Connections made.'],
  connectFailures: ['connect_failures', 'Attempts to connect that failed.'],
  requests: ['requests', 'Requests sent.'],
  timeouts: ['request_timeouts', 'Requests that were not answered in time.'],
  refusals: ['request_refusals', 'Requests that the device refused.'],
  strays: ['stray_frames', 'Frames that answer nothing that was asked.'],
  skippedCycles: ['skipped_poll_cycles', 'Poll cycles left out because the one before was not finished.'],
  events: ['events', 'Events taken.'],
  duplicates: ['duplicate_events', 'Events left out because they were known already.'],
  late: ['late_events', 'Events that were older than the last value.'],
  malformed: ['malformed_events', 'Events that could not be understood.'],
  misfits: ['misfit_values', 'Values that did not fit their tag.'],
  unknownEvents: ['unknown_events', 'Events of a kind that is not known.'],
}

const counters = sourceCounters
  .filter((counter): counter is Counted => counter !== 'lostUplinks')
  .map((counter): Metric => {
    const [name, help] = counted[counter]
    return {
      name: `penstock_source_${name}_total`,
      help,
      kind: 'counter',
      series: ofSources((source) => source.counters[counter]),
    }
  })

/** One series for each of its states: 1 for the one that it is in. */
const statesOf = ({ key, state }: SourceHealth): readonly Series[] =>
  sourceStates.flatMap((each) => labelled({ source: key, state: each }, Number(each === state)))

const devicesOf = ({ key, devices }: SourceHealth): readonly Series[] =>
  deviceStates.flatMap((state) =>
    labelled({ source: key, state }, devices.filter((device) => device.state === state).length),
  )

const quantiles =
  (p50: 'latenessP50Ms' | 'roundTripP50Ms', p99: 'latenessP99Ms' | 'roundTripP99Ms') =>
  ({ health }: Snapshot): readonly Series[] =>
    (health.engine?.sources ?? []).flatMap(({ key, polling }) => [
      ...labelled({ source: key, quantile: '0.5' }, seconds(polling?.[p50])),
      ...labelled({ source: key, quantile: '0.99' }, seconds(polling?.[p99])),
    ])

const failures: readonly RequestFailure[] = ['timeout', 'violation', 'lost']

const ofLines =
  (value: (line: NonNullable<SourceDiagnostics['line']>) => number | undefined) =>
  ({ lines }: Snapshot): readonly Series[] =>
    lines.flatMap(({ key, line }) => labelled({ source: key }, line && value(line)))

/** How each source and its line is. */
export const sourceMetrics: readonly Metric[] = [
  {
    name: 'penstock_source_state',
    help: '1 for the state that the source is in, 0 for the others.',
    kind: 'gauge',
    series: ({ health }) => (health.engine?.sources ?? []).flatMap(statesOf),
  },
  {
    name: 'penstock_source_state_since_timestamp_seconds',
    help: 'When the source entered its state, as seconds of the epoch.',
    kind: 'gauge',
    series: ofSources(({ since }) => seconds(since)),
  },
  {
    name: 'penstock_source_devices',
    help: 'Devices of the source by their state.',
    kind: 'gauge',
    series: ({ health }) => (health.engine?.sources ?? []).flatMap(devicesOf),
  },
  ...counters,
  {
    name: 'penstock_source_lost_uplinks',
    help: 'Uplinks that the frame counters of its devices show to be missing; fewer when one comes late.',
    kind: 'gauge',
    series: ofSources((source) => source.counters.lostUplinks),
  },
  {
    name: 'penstock_source_poll_load_ratio',
    help: 'Share of the time of its connection that polling takes; at 1 it is full.',
    kind: 'gauge',
    series: ofSources(({ polling }) => polling?.load),
  },
  {
    name: 'penstock_source_poll_lateness_seconds',
    help: 'How late poll cycles began, lately: the median, and what 99 of 100 did not exceed.',
    kind: 'gauge',
    series: quantiles('latenessP50Ms', 'latenessP99Ms'),
  },
  {
    name: 'penstock_source_round_trip_seconds',
    help: 'How long answers took, lately: the median, and what 99 of 100 did not exceed.',
    kind: 'gauge',
    series: quantiles('roundTripP50Ms', 'roundTripP99Ms'),
  },
  {
    name: 'penstock_line_requests_under_way',
    help: 'Mean number of requests under way over the last minute: 1 is a line without a pause.',
    kind: 'gauge',
    series: ofLines(({ underWay }) => underWay),
  },
  {
    name: 'penstock_line_answered_requests_total',
    help: 'Requests that were answered, also with a refusal.',
    kind: 'counter',
    series: ofLines(({ answered }) => answered),
  },
  {
    name: 'penstock_line_failed_requests_total',
    help: 'Requests without an answer: timeout, violation (answered with something else), lost (the connection went).',
    kind: 'counter',
    series: ({ lines }) =>
      lines.flatMap(({ key, line }) =>
        line ? failures.flatMap((reason) => labelled({ source: key, reason }, line.failures[reason] ?? 0)) : [],
      ),
  },
  {
    name: 'penstock_line_read_bytes_total',
    help: 'Bytes of data that answers carried.',
    kind: 'counter',
    series: ofLines(({ read }) => read?.bytes),
  },
  {
    name: 'penstock_line_used_bytes_total',
    help: 'Bytes of data that tags have; the rest lies between tags.',
    kind: 'counter',
    series: ofLines(({ read }) => read?.used),
  },
]
