import type { TagValue } from '../../core/data-type.ts'
import type { ModbusDeviceConfig, TagConfig } from '../../core/plant.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { isUnwritable, rawOf, type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import { expectedOf, type FieldWrite } from '../field-write.ts'
import type { Area } from './address.ts'
import { decoderOf } from './decode.ts'
import { encode, type Image } from './encode.ts'
import { isByte, type Layout } from './encoding.ts'
import { layoutOf } from './tag-layout.ts'
import { MOST_WRITTEN } from './write-requests.ts'

/** What is written to a unit, from address `start` on: coils, or registers. */
export interface ModbusWrite extends FieldWrite {
  readonly unitId: number
  readonly start: number
  readonly content: { readonly coils: readonly boolean[] } | Image
  /** Functions 15 and 16 for one coil or register too. */
  readonly multiple: boolean
  /** Bits of a register by function 22. */
  readonly masked: boolean
}

const tableWords = { discrete: 'A discrete input', input: 'An input register' } as const

/** Why no value can ever be written to a tag in this area. */
export const isReadOnly = (area: Area): area is keyof typeof tableWords => area === 'discrete' || area === 'input'

export const readOnlyWords = (area: keyof typeof tableWords): string =>
  `${tableWords[area]} can only be read: Modbus has no function that writes it.`

/** How many coils or registers of a tag are too many for one request, in words. */
export function tooWide(area: Area, count: number): string | undefined {
  const [most, unit] = area === 'coil' ? [MOST_WRITTEN.coils, 'coils'] : [MOST_WRITTEN.registers, 'registers']
  return count > most ? `It takes ${count} ${unit}, and one request writes at most ${most}.` : undefined
}

/** The write of a value that fits the tag's type, checked and encoded; or why it cannot be written. */
export function planWrite(tag: IndexedTag, device: ModbusDeviceConfig, value: TagValue): ModbusWrite | Unwritable {
  const problems: Problem[] = []
  const found = layoutOf(tag.tag, device, problems)
  if (!found) return unwritable(StatusCode.BadConfigurationError, problems.map(formatProblem).join(' '))
  const { address, count, layout } = found
  const { area, start } = address
  if (isReadOnly(area)) return unwritable(StatusCode.BadNotWritable, readOnlyWords(area))
  const wide = tooWide(area, count)
  if (wide !== undefined) return unwritable(StatusCode.BadOutOfRange, wide)
  const content = area === 'coil' ? coilsOf(tag.tag, value) : imageOf(tag.tag, layout as Layout, value)
  if (isUnwritable(content)) return content
  const expected = expectedOf(tag.tag, value, decodedOf(content, layout))
  if (typeof expected === 'object' && isUnwritable(expected)) return expected
  const { functions, bits } = tag.tag.write ?? {}
  const how = { multiple: functions === 'multiple', masked: bits === 'mask' }
  return { tag, expected, unitId: device.unitId, start, content, ...how }
}

function coilsOf(tag: TagConfig, value: TagValue): { readonly coils: readonly boolean[] } | Unwritable {
  const raw = rawOf(tag, value, true)
  if (isUnwritable(raw)) return raw
  return { coils: Array.isArray(raw.raw) ? (raw.raw as readonly boolean[]) : [raw.raw as boolean] }
}

function imageOf(tag: TagConfig, layout: Layout, value: TagValue): Image | Unwritable {
  const raw = rawOf(tag, value, isByte(layout.encoding) || /^(?:u?int|bcd)/.test(layout.encoding))
  return isUnwritable(raw) ? raw : encode(layout, raw)
}

/** What reading would make of it. */
function decodedOf(content: ModbusWrite['content'], layout: Layout | undefined): unknown {
  if ('bytes' in content) return decoderOf(layout as Layout)(content.bytes, 0)
  return layout ? content.coils : content.coils[0]
}
