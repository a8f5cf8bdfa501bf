import type { Clock, Milliseconds } from '../core/clock.ts'
import type { TagValue } from '../core/data-type.ts'
import type { ReadingReport } from '../core/diagnostics.ts'
import { plainValue } from '../core/plain-value.ts'
import type { TagConfig } from '../core/plant.ts'
import type { SampleSink } from '../core/sample.ts'
import { StatusCode, statusName } from '../core/status-code.ts'
import type { FieldSession, ReadBlock } from './driver.ts'

/** What a device said of one value. */
export interface Reading {
  readonly value: TagValue | undefined
  /** Undefined: the device is busy, and says nothing of the value. */
  readonly status: StatusCode | undefined
  readonly took: Milliseconds
}

/** Asks once for the only tag of `block`; rejects as the session does. The value goes nowhere else. */
export async function readingOf<Block extends ReadBlock>(
  session: FieldSession<Block>,
  block: Block,
  clock: Clock,
): Promise<Reading> {
  const seen: Pick<Reading, 'value' | 'status'>[] = []
  const from = clock.monotonic()
  await session.read(block, sinkInto(seen))
  return { value: undefined, status: undefined, ...seen.at(-1), took: clock.monotonic() - from }
}

/** The same as JSON can hold it. */
export function reportOf({ address, type }: TagConfig, { value, status, took }: Reading): ReadingReport {
  const plain = plainValue(type, value ?? null)
  return {
    address,
    type,
    value: plain instanceof Uint8Array ? Buffer.from(plain).toString('hex') : plain,
    status: status === undefined ? null : statusName(status),
    ms: Number(took.toFixed(1)),
  }
}

function sinkInto(seen: Pick<Reading, 'value' | 'status'>[]): SampleSink {
  return {
    polled: (_tag, value) => void seen.push({ value, status: StatusCode.Good }),
    failed: (_tag, status) => void seen.push({ value: undefined, status }),
    event: () => false,
    lost: () => undefined,
    restored: () => undefined,
    expectEvery: () => undefined,
  }
}
