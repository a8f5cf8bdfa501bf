import type { TagValue } from '../../core/data-type.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { isUnwritable, rawOf, type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import { expectedOf, type FieldWrite } from '../field-write.ts'
import type { S7Area } from './areas.ts'
import { decode } from './decode.ts'
import { encode, isWhole } from './encode.ts'
import { resolveTag, type S7Item } from './resolve.ts'
import { isText } from './types.ts'
import type { Zone } from './zone.ts'

/** One bit, or bytes one after another, of an area or data block. */
export type S7Target =
  | { readonly area: S7Area; readonly db: number; readonly start: number; readonly bit: number; readonly on: boolean }
  | { readonly area: S7Area; readonly db: number; readonly start: number; readonly bytes: Buffer }

export interface S7Write extends FieldWrite {
  readonly target: S7Target
  /** Of a text: where the length stands that the program declares, which is read first and never written. */
  readonly declared?: { readonly start: number; readonly bytes: 1 | 2; readonly characters: number }
}

const readOnlyAreas: Partial<Readonly<Record<S7Area, string>>> = {
  PI: 'Peripheral inputs can only be read.',
  T: 'A timer is started by the program of the CPU, and cannot be written: write a TIME or S5TIME that the program uses.',
  C: 'A counter is counted by the program of the CPU, and cannot be written: write an INT that the program uses.',
}

/** Why no value can ever be written to the item, in words. */
export function readOnlyWords({ area, type, count, bit }: S7Item): string | undefined {
  const ofArea = readOnlyAreas[area]
  if (ofArea !== undefined) return ofArea
  if (isText(type) && count !== undefined) {
    return 'An array of texts cannot be written at once, since the declared lengths between them must stay: use a tag for each.'
  }
  if (type === 'BOOL' && count !== undefined && (bit !== 0 || count % 8 !== 0)) {
    return 'An array of BOOL can only be written in whole bytes, or its neighbours would be written too: use a tag for each.'
  }
  return undefined
}

/** The write of a value that fits the tag's type, checked and encoded; or why it cannot be written. */
export function planWrite(tag: IndexedTag, value: TagValue, zone: Zone): S7Write | Unwritable {
  const resolved = resolveTag(tag.tag)
  if (!resolved.ok) {
    const { message, mend } = resolved.fault
    return unwritable(StatusCode.BadConfigurationError, `${message} ${mend}`)
  }
  const { item } = resolved
  const readOnly = readOnlyWords(item)
  if (readOnly !== undefined) return unwritable(StatusCode.BadNotWritable, readOnly)
  const raw = rawOf(tag.tag, value, isWhole(item.type))
  if (isUnwritable(raw)) return raw
  if (raw.bits !== undefined) {
    const reason =
      'It is some bits of a number, which S7 cannot write without its neighbours: use tags of type Boolean.'
    return unwritable(StatusCode.BadNotSupported, reason)
  }
  const bytes = item.type === 'BOOL' ? bitBytes(item, raw.raw) : encode(item, raw.raw, zone)
  if (isUnwritable(bytes)) return bytes
  const expected = expectedOf(tag.tag, value, decode(item, bytes, 0, zone))
  if (typeof expected === 'object' && isUnwritable(expected)) return expected
  return { tag, expected, ...partsOf(item, raw.raw, bytes) }
}

function partsOf(item: S7Item, raw: TagValue, bytes: Buffer): Pick<S7Write, 'target' | 'declared'> {
  const { area, db, offset: start, type, bit, count } = item
  if (type === 'BOOL' && count === undefined) return { target: { area, db, start, bit, on: raw === true } }
  if (!isText(type)) return { target: { area, db, start, bytes } }
  const header = type === 'STRING' ? 1 : 2
  return {
    target: { area, db, start: start + header, bytes: bytes.subarray(header) },
    declared: { start, bytes: header, characters: (raw as string).length },
  }
}

function bitBytes({ bit }: S7Item, raw: TagValue): Buffer {
  const bits = Array.isArray(raw) ? (raw as readonly boolean[]) : [raw === true]
  const bytes = Buffer.alloc((bit + bits.length + 7) >> 3)
  for (const [at, on] of bits.entries()) if (on) bytes[(bit + at) >> 3]! |= 1 << ((bit + at) & 7)
  return bytes
}
