import { type AddressFault, type Area, faultAt, isAddressFault } from './address.ts'
import { digitsAt, EXAMPLES, type Notation, type ParsedAddress, placeOf, withSuffix } from './address-parts.ts'
import type { Encoding } from './encoding.ts'

/** What Ignition appends to HR and IR; the longest that fits holds. */
const encodingOfSuffix: Readonly<Record<string, Encoding>> = {
  BCD_32: 'bcd32',
  UI_64: 'uint64',
  I_64: 'int64',
  BCD: 'bcd16',
  US: 'uint16',
  UI: 'uint32',
  I: 'int32',
  F: 'float32',
  D: 'float64',
  S: 'string',
}

const FORMS = 'Write for example HR1, IR1, C1, DI1, HRF1 for a float, or HRS1:20 for 20 characters.'

/**
 * `HR1`, `IR1`, `C1`, `DI1`, and with the encoding `HRF1`, `HRI_641`, `HRS1:20`: the addresses of Ignition, which count
 * from 1 whatever the device's `addressBase` is.
 */
export const ignitionAddress: Notation = (text, counting) => {
  const designator = /^(HR|IR|DI|C)/i.exec(text)?.[1]?.toUpperCase()
  if (!designator) return faultAt(1, 'starts with no table of Modbus.', EXAMPLES)
  const area: Area = { HR: 'holding', IR: 'input', DI: 'discrete', C: 'coil' }[designator] as Area
  const registers = area === 'holding' || area === 'input'
  const after = text.slice(designator.length).toUpperCase()
  const suffix = registers ? Object.keys(encodingOfSuffix).find((each) => after.startsWith(each)) : undefined
  const at = designator.length + (suffix?.length ?? 0)
  const digits = digitsAt(text, at)
  if (digits === '') return faultAt(at + 1, `has no number after ${text.slice(0, at)}.`, FORMS)
  const place = placeOf(area, Number(digits), 1, at)
  if (isAddressFault(place)) return place
  const encoding = suffix ? encodingOfSuffix[suffix] : undefined
  const end = at + digits.length
  if (encoding === 'string') return stringAt(text, end, { address: place, encoding })
  const address = withSuffix(text, end, place, counting)
  if (isAddressFault(address)) return address
  return encoding ? { address, encoding } : { address }
}

/** `:20` is the number of characters. */
function stringAt(text: string, at: number, parsed: ParsedAddress): ParsedAddress | AddressFault {
  if (at === text.length) return parsed
  const digits = text[at] === ':' ? digitsAt(text, at + 1) : ''
  if (digits === '' || at + 1 + digits.length < text.length) {
    return faultAt(at + 1, 'needs ":" and the number of characters, and nothing else, after the number.', FORMS)
  }
  return { ...parsed, length: Number(digits) }
}
