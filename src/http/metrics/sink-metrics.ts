import { type SinkHealth, sinkStates } from '../../core/sink.ts'
import { labelled, type Metric, one, type Series, type Snapshot, seconds } from './metric.ts'

const ofSink =
  (value: (sink: SinkHealth) => number | null | undefined) =>
  ({ health }: Snapshot): readonly Series[] =>
    health.engine?.sink ? one(value(health.engine.sink)) : []

/** PostgreSQL beside the history; nothing where it is not configured. */
export const sinkMetrics: readonly Metric[] = [
  {
    name: 'penstock_postgres_state',
    help: '1 for the state that the sending to PostgreSQL is in, 0 for the others.',
    kind: 'gauge',
    series: ({ health }) =>
      health.engine?.sink
        ? sinkStates.flatMap((state) => labelled({ state }, Number(state === health.engine?.sink?.state)))
        : [],
  },
  {
    name: 'penstock_postgres_waiting_samples',
    help: 'Samples that PostgreSQL has not confirmed yet.',
    kind: 'gauge',
    series: ofSink(({ waiting }) => waiting),
  },
  {
    name: 'penstock_postgres_waiting_bytes',
    help: 'What these samples take on the disk of the data folder.',
    kind: 'gauge',
    series: ofSink(({ waitingBytes }) => waitingBytes),
  },
  {
    name: 'penstock_postgres_oldest_waiting_timestamp_seconds',
    help: 'When the oldest of these samples was recorded, as seconds of the epoch; absent while none wait.',
    kind: 'gauge',
    series: ofSink(({ oldestAt }) => seconds(oldestAt)),
  },
  {
    name: 'penstock_postgres_sent_samples_total',
    help: 'Samples that PostgreSQL has confirmed.',
    kind: 'counter',
    series: ofSink(({ sent }) => sent),
  },
  {
    name: 'penstock_postgres_last_sent_timestamp_seconds',
    help: 'When it last confirmed some, as seconds of the epoch.',
    kind: 'gauge',
    series: ofSink(({ lastSentAt }) => seconds(lastSentAt)),
  },
  {
    name: 'penstock_postgres_failures_total',
    help: 'Sessions with PostgreSQL that failed, or could not be begun.',
    kind: 'counter',
    series: ofSink(({ failures }) => failures),
  },
  {
    name: 'penstock_postgres_lost_samples_total',
    help: 'Samples that PostgreSQL will not get because too many waited for too long.',
    kind: 'counter',
    series: ofSink(({ lost }) => lost),
  },
]
