/** One line of the table: what was measured beside what it is compared with, in the same run. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The same figure of the baseline, or the limit that the goal names. */
  readonly baseline: number
  /** value / baseline. */
  readonly ratio: number
  readonly goal: string
  readonly ok: boolean
}

/** Measurements that are taken together. */
export interface Experiment {
  readonly rows: Readonly<Record<string, string>>
  measure(say: (progress: string) => void): Promise<Row[]>
}

export function makeRow(parts: {
  name: string
  unit: string
  value: number
  baseline: number
  goal: string
  ok: (value: number, ratio: number) => boolean
}): Row {
  const { name, unit, goal } = parts
  const ratio = parts.value / parts.baseline
  return {
    name,
    value: round(parts.value),
    unit,
    baseline: round(parts.baseline),
    ratio: round(ratio),
    goal,
    ok: parts.ok(parts.value, ratio),
  }
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000

/** The value below which this share of the measurements lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
