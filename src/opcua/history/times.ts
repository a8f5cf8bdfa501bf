import type { Milliseconds } from '../../core/clock.ts'

/** OPC 10000-6 §5.2.2.5: DateTime.MinValue, which stands for no time. */
const MIN_DATE: Milliseconds = Date.UTC(1601, 0, 1)

/** A DateTime as node-opcua holds it, in milliseconds with a fraction; undefined where it names no time. */
export function timeOf(date: (Date & { readonly picoseconds?: number }) | null | undefined): Milliseconds | undefined {
  if (!date) return undefined
  const time = date.getTime() + (date.picoseconds ?? 0) / 1_000_000_000
  return time > MIN_DATE ? time : undefined
}
