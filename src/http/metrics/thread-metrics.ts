import type { ThreadHealth } from '../../core/thread-health.ts'
import { labelled, type Metric, type Series, type Snapshot, seconds } from './metric.ts'

/** Of each thread that answers: main, engine (collecting), opcua (serving). */
const ofThreads =
  (series: (thread: string, of: ThreadHealth) => readonly Series[]) =>
  ({ health }: Snapshot): readonly Series[] =>
    Object.entries({ main: health.thread, engine: health.engine?.thread, opcua: health.opcua?.thread }).flatMap(
      ([thread, of]) => (of ? series(thread, of) : []),
    )

const quantiles = [
  ['0.5', 'p50Ms'],
  ['0.99', 'p99Ms'],
  ['1', 'maxMs'],
] as const

/** The gateway's threads: how late their event loops are, their memory, and what becomes of their traces. */
export const threadMetrics: readonly Metric[] = [
  {
    name: 'penstock_event_loop_delay_seconds',
    help: 'How late the event loop of a thread was in the last one to two minutes; quantile 1 is the longest delay.',
    kind: 'gauge',
    series: ofThreads((thread, { loopDelay }) =>
      quantiles.flatMap(([quantile, name]) => labelled({ thread, quantile }, seconds(loopDelay[name]))),
    ),
  },
  {
    name: 'penstock_heap_used_bytes',
    help: 'Memory that JavaScript objects of a thread take.',
    kind: 'gauge',
    series: ofThreads((thread, { heapUsedBytes }) => labelled({ thread }, heapUsedBytes)),
  },
  {
    name: 'penstock_heap_limit_bytes',
    help: 'Memory that JavaScript objects of a thread may take.',
    kind: 'gauge',
    series: ofThreads((thread, { heapLimitBytes }) => labelled({ thread }, heapLimitBytes)),
  },
  {
    name: 'penstock_trace_spans_exported_total',
    help: 'Spans that the collector took (telemetry.otlp).',
    kind: 'counter',
    series: ofThreads((thread, { traces }) => labelled({ thread }, traces?.exported)),
  },
  {
    name: 'penstock_trace_spans_dropped_total',
    help: 'Spans that were dropped because the collector did not take them, or not fast enough.',
    kind: 'counter',
    series: ofThreads((thread, { traces }) => labelled({ thread }, traces?.dropped)),
  },
  {
    name: 'penstock_trace_spans_waiting',
    help: 'Spans that wait to be sent to the collector.',
    kind: 'gauge',
    series: ofThreads((thread, { traces }) => labelled({ thread }, traces?.waiting)),
  },
]
