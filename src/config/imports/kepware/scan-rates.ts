import type { Milliseconds } from '../../../core/clock.ts'

/** Poll periods that a configuration takes. */
const LEAST: Milliseconds = 50
const MOST: Milliseconds = 86_400_000

/** "Scan Mode" of a device, as the Configuration API numbers it. */
export const scanModes = { client: 0, noFaster: 1, allAtRate: 2, onDemand: 3, byTag: 4 } as const

export interface ScanRates {
  /** Of a tag, where it is another than that of the device: the name of a poll group. */
  readonly pollOf: (rate: Milliseconds | undefined) => string | undefined
  /** Of the device. */
  readonly poll: string
  /** The groups by their names, with their periods as they are written. */
  readonly groups: Readonly<Record<string, string>>
  /** Rates that no device can be polled at here. */
  readonly hasClamped: boolean
}

/**
 * Poll groups of the scan rates of a device: `scan-100ms`, `scan-5000ms`. The device has the one that most of its tags
 * have. `deviceRate`: all tags are read at that, whatever they say.
 */
export function scanRates(rates: Iterable<Milliseconds | undefined>, deviceRate: Milliseconds | undefined): ScanRates {
  const counts = new Map<Milliseconds, number>()
  let hasClamped = false
  const fitting = (rate: Milliseconds): Milliseconds => Math.min(MOST, Math.max(LEAST, Math.round(rate)))
  for (const rate of deviceRate === undefined ? rates : [deviceRate]) {
    if (rate === undefined) continue
    hasClamped ||= fitting(rate) !== rate
    counts.set(fitting(rate), (counts.get(fitting(rate)) ?? 0) + 1)
  }
  const [[usual] = [1_000]] = [...counts].toSorted(([one, ofOne], [other, ofOther]) => ofOther - ofOne || one - other)
  const all = counts.size === 0 ? [usual] : [...counts.keys()].toSorted((one, other) => one - other)
  return {
    pollOf: (rate) =>
      deviceRate !== undefined || rate === undefined || fitting(rate) === usual ? undefined : nameOf(fitting(rate)),
    poll: nameOf(usual),
    groups: Object.fromEntries(all.map((rate) => [nameOf(rate), `${rate}ms`])),
    hasClamped,
  }
}

const nameOf = (rate: Milliseconds): string => `scan-${rate}ms`
