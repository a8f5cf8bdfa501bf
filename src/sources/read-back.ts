import type { TagValue } from '../core/data-type.ts'
import type { SampleSink } from '../core/sample.ts'
import { type StatusCode, statusName } from '../core/status-code.ts'
import { Intake } from '../core/transform/intake.ts'
import type { FieldSession, ReadBlock } from './driver.ts'
import { type FieldWrite, isWithin, shown } from './field-write.ts'

/** What a device holds after a write. */
export interface ReadBack {
  /** Whether it is what was written. */
  readonly holds: boolean
  /** In words, for operators. */
  readonly found: string
}

/**
 * Reads the only tag of `block` and compares it with what was written; the value goes to `sink` as any other. Undefined
 * where the device is busy and says nothing of it. Rejects as the session does.
 */
export async function readBack(
  session: FieldSession<ReadBlock>,
  block: ReadBlock,
  sink: SampleSink,
  { tag: { tag }, expected }: FieldWrite,
): Promise<ReadBack | undefined> {
  const heard = new Listening(sink)
  await session.read(block, heard)
  if (heard.status !== undefined) return { holds: false, found: `reads as ${statusName(heard.status)}` }
  if (heard.value === undefined) return undefined
  const value = new Intake(tag).take(heard.value)
  if (value === undefined) return { holds: false, found: 'reads as no value' }
  return { holds: isWithin(expected, value, tag.write?.tolerance ?? 0), found: `reads as ${shown(value)}` }
}

/** Passes on what a device says, and keeps the last of it. */
class Listening implements SampleSink {
  value: TagValue | undefined
  status: StatusCode | undefined
  readonly #sink: SampleSink

  constructor(sink: SampleSink) {
    this.#sink = sink
  }

  polled(tag: number, value: TagValue): void {
    this.value = value
    this.#sink.polled(tag, value)
  }

  failed(tag: number, status: StatusCode, sourceTime?: number): void {
    this.status = status
    this.#sink.failed(tag, status, sourceTime)
  }

  event(tag: number, value: unknown, sourceTime: number, doubt?: StatusCode): boolean {
    return this.#sink.event(tag, value, sourceTime, doubt)
  }

  lost(tags: readonly number[]): void {
    this.#sink.lost(tags)
  }

  restored(tags: readonly number[]): void {
    this.#sink.restored(tags)
  }

  expectEvery(tags: readonly number[], staleAfter: number): void {
    this.#sink.expectEvery(tags, staleAfter)
  }
}
