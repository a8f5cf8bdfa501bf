import {
  type AddressFault,
  type Area,
  bitNumber,
  type Counting,
  faultAt,
  isBitArea,
  LAST_ADDRESS,
  type ModbusAddress,
} from './address.ts'
import type { Encoding } from './encoding.ts'

/** What an address says; some notations also say how the value lies there. */
export interface ParsedAddress {
  readonly address: ModbusAddress
  readonly encoding?: Encoding
  /** Characters of a string. */
  readonly length?: number
  /** Registers that the value takes. */
  readonly registers?: number
}

/** One way to write addresses. Never throws; a fault names the column where the text stops making sense. */
export type Notation = (text: string, counting: Counting) => ParsedAddress | AddressFault

export const EXAMPLES =
  'Write for example coil:5, discrete:2, input:3, holding:100, or holding:100.3 for one bit of a register.'

/** The decimal digits from `from` on. */
export function digitsAt(text: string, from: number): string {
  let end = from
  while (end < text.length && text[end]! >= '0' && text[end]! <= '9') end++
  return text.slice(from, end)
}

/**
 * The address `start` of an area, with what follows the number in the text from `at` on: nothing, `.3` for a bit, or
 * `.h` and `.l` for a byte.
 */
export function withSuffix(
  text: string,
  at: number,
  { area, start }: Pick<ModbusAddress, 'area' | 'start'>,
  counting: Counting,
): ModbusAddress | AddressFault {
  if (at === text.length) return { area, start }
  const array = /^\s*\[\s*(\d*)/.exec(text.slice(at))
  if (array) {
    const mend = `Leave the brackets out, and give the tag arrayLength: ${array[1] || 'n'}.`
    return faultAt(at + 1, 'goes on with brackets; how many values there are is a setting of the tag.', mend)
  }
  if (text[at] !== '.') return faultAt(at + 1, `goes on with "${text.slice(at)}" after the number.`, EXAMPLES)
  if (isBitArea(area)) {
    const message = `names a bit, but a ${area} is a single bit already.`
    return faultAt(at + 1, message, `Write ${text.slice(0, at)}.`)
  }
  return inRegister(text, at + 1, { area, start }, counting)
}

function inRegister(
  text: string,
  at: number,
  place: { readonly area: Area; readonly start: number },
  counting: Counting,
): ModbusAddress | AddressFault {
  const rest = text.slice(at).toLowerCase()
  if (rest === 'h' || rest === 'l') return { ...place, half: rest === 'h' ? 'high' : 'low' }
  const length = /^(\d+)[hl]$/.exec(rest)?.[1]
  if (length !== undefined) {
    const order = rest.endsWith('l') ? ' and byteOrder: little' : ''
    const mend = `Write ${text.slice(0, at - 1)}, and give the tag type: String, length: ${length}${order}.`
    return faultAt(at + 1, 'names a string, which is a setting of the tag.', mend)
  }
  const digits = digitsAt(text, at)
  const bit = Number(digits)
  if (digits === '' || bit > 15) {
    const mend = `Write ${text.slice(0, at - 1)}.0 for a bit, or ${text.slice(0, at - 1)}.h for the high byte.`
    return faultAt(at + 1, 'needs a bit from 0 to 15, or h or l for a byte, after the ".".', mend)
  }
  const end = at + digits.length
  if (end < text.length) return faultAt(end + 1, `goes on with "${text.slice(end)}" after the bit.`, EXAMPLES)
  return { ...place, bit: bitNumber(bit, counting) }
}

/** The address of the `index`th register or bit, counted from `base`; `at` is where its number stands in the text. */
export function placeOf(area: Area, index: number, base: 0 | 1, at: number): ModbusAddress | AddressFault {
  const start = index - base
  if (start >= 0 && start <= LAST_ADDRESS) return { area, start }
  const message = `has the number ${index}; ${base} to ${LAST_ADDRESS + base} are allowed.`
  const mend = start < 0 ? `The first one is 1 here, ${area}:0 on the wire.` : 'Look it up in the manual of the device.'
  return faultAt(at + 1, message, mend)
}
