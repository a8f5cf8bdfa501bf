import type { Milliseconds, Moment } from './clock.ts'
import type { Scalar, TagValue } from './data-type.ts'
import type { StatusCode } from './status-code.ts'
import type { TagIndex } from './tag-index.ts'

/** Clocks of two machines differ by as much; a time farther ahead of ours is not believed. */
export const CLOCK_TOLERANCE: Milliseconds = 1_000

/**
 * Where sources put what they learn. Nothing is allocated per sample; calls cost about a microsecond and
 * never throw for a value: one that does not fit its tag's type becomes BadDecodingError on that tag alone.
 */
export interface SampleSink {
  /**
   * A value read just now (Modbus, S7): its source time is now. Equal to the last one: only its age is renewed. `at`: now,
   * read once for all values of an answer.
   */
  polled(tag: TagIndex, value: TagValue, at?: Moment): void
  /**
   * A value that carries its own time (an uplink). Older than the tag's last value: it does not move it.
   * A time in the future by more than `CLOCK_TOLERANCE` is taken as now. Answers whether it became, or confirmed, the
   * tag's last value. `doubt`: the Uncertain status of a value that the source itself is not sure of.
   */
  event(tag: TagIndex, value: unknown, sourceTime: Milliseconds, doubt?: StatusCode): boolean
  /** The device answered, but not with a usable value: the tag turns `status`. `sourceTime` as for `event`, or now. */
  failed(tag: TagIndex, status: StatusCode, sourceTime?: Milliseconds): void
  /**
   * Nothing is heard any more of whatever gives these tags: UncertainNoCommunicationLastUsableValue, then
   * BadNoCommunication after their `badAfter`; BadNoCommunication at once where no value was ever known.
   */
  lost(tags: readonly TagIndex[]): void
  /**
   * The connection that brings events for these tags is proved again: each returns to what its last event
   * and its age make it. Polled tags need no such call, their next value does it.
   */
  restored(tags: readonly TagIndex[]): void
  /** How old a value of these tags may get, learned by the source; a tag's own setting wins. */
  expectEvery(tags: readonly TagIndex[], staleAfter: Milliseconds): void
}

/**
 * Keeps what devices said, for history: each statement with its own time, late ones too. Must not throw, and must not
 * wait. `value` undefined: there was no usable one, `status` says why. A statement of the same tag and source time
 * takes the place of the one before.
 */
export interface SampleRecorder {
  record(
    tag: TagIndex,
    value: TagValue | undefined,
    status: StatusCode,
    sourceTime: Milliseconds,
    serverTime: Milliseconds,
  ): void
}

/**
 * Changes of many tags as columns that cross a link without being copied. Row `i` of every column belongs together.
 * `bits` holds a Float64 (Boolean as 0 or 1), or the BigInt64/BigUint64 of a 64-bit tag; the tag's type says which.
 * A row whose status is Bad has no value. Times are milliseconds of the epoch, NaN for none.
 */
export interface SampleBatch {
  readonly count: number
  readonly tag: Uint32Array
  readonly bits: Float64Array
  readonly status: Uint32Array
  readonly sourceTime: Float64Array
  readonly serverTime: Float64Array
  /** Rows of String and ByteString tags, ascending, and their texts; a byte is the character of its number. */
  readonly textRow: Uint32Array
  readonly text: readonly string[]
  /** Rows of tags that hold an array, ascending, and their arrays; none for a row whose status is Bad. */
  readonly arrayRow: Uint32Array
  readonly array: readonly (readonly Scalar[])[]
}
