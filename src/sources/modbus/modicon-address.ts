import { type Area, faultAt, isAddressFault } from './address.ts'
import { digitsAt, type Notation, placeOf, withSuffix } from './address-parts.ts'

const tables: Readonly<Record<string, Area>> = { 0: 'coil', 1: 'discrete', 3: 'input', 4: 'holding' }

const FORMS =
  'Write five or six digits, of which the first says the table: 40001 or 400001 holding registers, 30001 input ' +
  'registers, 10001 discrete inputs, 00001 coils.'

/**
 * Modicon's reference numbers, which manuals print: `40001` and `400001` are the first holding register, `4x1` too.
 * They count from 1, whatever the device's `addressBase` is. The text begins with a digit.
 */
export const modiconAddress: Notation = (text, counting) => {
  const unit = /^(\d{1,3})(?:!|\.(?=[A-Za-z]{2,}))(.*)$/.exec(text)
  if (unit) {
    const [, number, rest] = unit
    const message = 'names the unit, which is a setting of the device.'
    return faultAt(1, message, `Write ${rest || '40001'}, and give the device unitId: ${number}.`)
  }
  const area = tables[text[0] ?? '']
  if (!area) return faultAt(1, `begins with ${text[0]}, which is no table.`, FORMS)
  const crossed = /^.x/i.test(text)
  const from = crossed ? 2 : 1
  const digits = digitsAt(text, from)
  if (crossed && text[0] === '0') {
    const message = 'can be a coil in the notation of Modicon, or a hexadecimal number of which the table is missing.'
    return faultAt(2, message, 'Write coil:15 or 00016 for the sixteenth coil, holding:0x10 for register 16.')
  }
  if (digits === '' || (!crossed && digits.length !== 4 && digits.length !== 5)) {
    return faultAt(from + digits.length + 1, `has ${digits.length} digits after the ${text.slice(0, from)}.`, FORMS)
  }
  const place = placeOf(area, Number(digits), 1, from)
  if (isAddressFault(place)) return place
  const address = withSuffix(text, from + digits.length, place, counting)
  return isAddressFault(address) ? address : { address }
}
