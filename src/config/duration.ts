import type { Milliseconds } from '../core/clock.ts'

const unitsInMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const
type Unit = keyof typeof unitsInMs

/** A whole number and its unit, as users write a duration: `500ms`, `5s`, `10m`, `1h`, `1d`. */
export const durationPattern = /^(\d{1,9})(ms|s|m|h|d)$/

/** The milliseconds that a text such as `5s` means, or undefined where it is not a duration. */
export function parseDuration(text: string): Milliseconds | undefined {
  const [, count, unit] = durationPattern.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * unitsInMs[unit as Unit]
}

/** The shortest text that means exactly these whole milliseconds: `90s`, `5m`. */
export function formatDuration(duration: Milliseconds): string {
  if (duration === 0) return '0s'
  const unit = (Object.keys(unitsInMs) as Unit[]).find((each) => duration % unitsInMs[each] === 0) ?? 'ms'
  return `${duration / unitsInMs[unit]}${unit}`
}
