import type { SourceDiagnostics } from '../../core/diagnostics.ts'
import type { SourceHealth } from '../../core/health.ts'
import type { GatewayHealth } from '../gateway-health.ts'

/** What is known at one moment; of an engine that does not answer there are no lines. */
export interface Snapshot {
  readonly health: GatewayHealth
  readonly lines: readonly SourceDiagnostics[]
}

/** One line of the answer. */
export interface Series {
  /** Besides the key of a source, only labels with few, fixed values: their number must not grow with the plant. */
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface Metric {
  /** In base units, the unit at its end, counters with `_total` (prometheus.io/docs/practices/naming). */
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge'
  /** None where nothing is known: a value that is not known is absent, never 0. */
  readonly series: (of: Snapshot) => readonly Series[]
}

export const one = (value: number | boolean | null | undefined): readonly Series[] =>
  value === null || value === undefined ? [] : [{ value: Number(value) }]

/** One series for each source of which there is something to say. */
export const ofSources =
  (value: (source: SourceHealth) => number | null | undefined) =>
  ({ health }: Snapshot): readonly Series[] =>
    (health.engine?.sources ?? []).flatMap((source) => labelled({ source: source.key }, value(source)))

export const labelled = (
  labels: Readonly<Record<string, string>>,
  value: number | null | undefined,
): readonly Series[] => (value === null || value === undefined ? [] : [{ labels, value }])

/** Prometheus counts in seconds: durations, and times of the epoch. */
export const seconds = (milliseconds: number | null | undefined): number | null | undefined =>
  typeof milliseconds === 'number' ? milliseconds / 1_000 : milliseconds
