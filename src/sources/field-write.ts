import { fitValue, type Scalar, type TagValue } from '../core/data-type.ts'
import type { TagConfig } from '../core/plant.ts'
import { fitTag } from '../core/states.ts'
import { StatusCode } from '../core/status-code.ts'
import type { IndexedTag } from '../core/tag-index.ts'
import { Intake } from '../core/transform/intake.ts'
import { type Unwritable, unwritable } from '../core/transform/inverse.ts'
import { lineOf } from '../core/transform/transform.ts'

/** One value on its way to one tag of a device, as a driver has prepared it. */
export interface FieldWrite {
  readonly tag: IndexedTag
  /** What the tag reads when the device holds it: the value, as far as its coding keeps it. */
  readonly expected: TagValue
}

/** What the device said to a write. */
export type WriteAnswer =
  /** It is done. */
  | { readonly kind: 'done' }
  /** It is, or may be, under way: only reading the value tells. */
  | { readonly kind: 'open'; readonly reason: string }
  /** Certainly not done, or begun and failed; `reason` with what to do. */
  | { readonly kind: 'refused' | 'failed'; readonly status: StatusCode; readonly reason: string }

/** Asked when the bytes of a write are about to go out; only after `true` do they. */
export interface WritePermit {
  take(): boolean
}

/**
 * What the tag reads once the device holds what was encoded of `value`, or why it would read something else. Of what is
 * scaled, of floats and of dates a coding keeps what it can; everything else is exact.
 */
export function expectedOf(tag: TagConfig, value: TagValue, decoded: unknown): TagValue | Unwritable {
  const intake = new Intake(tag)
  const expected = intake.take(decoded)
  if (expected === undefined) {
    const reason = `The device could hold what stands for ${shown(value)}, but nothing that reads as it.`
    return unwritable(StatusCode.BadOutOfRange, reason)
  }
  if (isSame(expected, value) || rounds(tag)) return expected
  const reason = `The device would not hold ${shown(value)} but ${shown(expected)}.`
  return unwritable(StatusCode.BadOutOfRange, reason)
}

const rounds = (tag: TagConfig): boolean =>
  tag.type === 'Float' || tag.type === 'Double' || tag.type === 'DateTime' || lineOf(tag) !== undefined

/** Whether what was read back is what was expected; of numbers and times, within the tolerance. */
export function isWithin(expected: TagValue, read: TagValue, tolerance: number): boolean {
  if (isSame(expected, read)) return true
  if (Array.isArray(expected) && Array.isArray(read)) {
    const others = read as readonly Scalar[]
    return (
      others.length === expected.length &&
      expected.every((each: Scalar, position) => isWithin(each, others[position] as Scalar, tolerance))
    )
  }
  if (typeof expected === 'number' && typeof read === 'number') return Math.abs(expected - read) <= tolerance
  if (typeof expected !== 'bigint' || typeof read !== 'bigint') return false
  return Number(expected < read ? read - expected : expected - read) <= tolerance
}

function isSame(one: TagValue, other: TagValue): boolean {
  if (one === other) return true
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
  return one.every((each: Scalar, position) => isSame(each, other[position] as Scalar))
}

/** For messages to operators. */
export function shown(value: TagValue): string {
  if (Array.isArray(value)) return `[${(value as readonly Scalar[]).map(shown).join(', ')}]`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/**
 * A value of another type, or as a configuration has it, as the tag holds it: whole numbers of any width, times in
 * ISO 8601, bytes in hexadecimal digits; undefined where it does not fit exactly.
 */
export function fitWritten(
  tag: Pick<TagConfig, 'type' | 'states' | 'arrayLength'>,
  value: unknown,
): TagValue | undefined {
  const fit = fitTag(tag, value)
  if (fit !== undefined || tag.arrayLength !== undefined) return fit
  const { type } = tag
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? fitValue(type, Number(value)) : undefined
  if (typeof value !== 'string') return undefined
  if ((type === 'Int64' || type === 'UInt64') && /^-?\d{1,20}$/.test(value)) return fitValue(type, BigInt(value))
  if (type === 'DateTime' && /^\d{4}-\d\d-\d\dT/.test(value)) return fitValue(type, Date.parse(value))
  if (type === 'ByteString' && /^(?:[0-9a-f]{2})*$/i.test(value)) return fitValue(type, Buffer.from(value, 'hex'))
  return undefined
}
