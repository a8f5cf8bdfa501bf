import { type AddressFault, type Area, areas, type Counting, faultAt, isAddressFault, LAST_ADDRESS } from './address.ts'
import { digitsAt, EXAMPLES, type Notation, placeOf, withSuffix } from './address-parts.ts'

const shortNames: Readonly<Record<string, Area>> = {
  c: 'coil',
  co: 'coil',
  di: 'discrete',
  ir: 'input',
  hr: 'holding',
}

/**
 * `holding:100`, `hr:100`, `holding:0x64`; the one notation whose numbers count from the device's `addressBase`.
 * The text has a ":".
 */
export const areaAddress: Notation = (text, counting) => {
  const colon = text.indexOf(':')
  const name = text.slice(0, colon).toLowerCase()
  const area = areas.find((each) => each === name) ?? shortNames[name]
  if (!area) return faultAt(1, `starts with none of ${areas.map((each) => `${each}:`).join(', ')}.`, EXAMPLES)
  const number = numberAt(text, colon + 1, counting)
  if (isAddressFault(number)) return number
  const place = placeOf(area, number.value, counting.addressBase, colon + 1)
  if (isAddressFault(place)) return { ...place, mend: mendNumber(area, number.value, counting) ?? place.mend }
  const address = withSuffix(text, number.end, place, counting)
  return isAddressFault(address) ? address : { address }
}

interface NumberInText {
  readonly value: number
  /** Where the text goes on. */
  readonly end: number
}

function numberAt(text: string, at: number, { addressBase }: Counting): NumberInText | AddressFault {
  const digits = digitsAt(text, at)
  const hexadecimal = /^0x([0-9a-f]*)/i.exec(text.slice(at))
  if (hexadecimal) {
    const [all, figures = ''] = hexadecimal
    const end = at + all.length
    if (figures !== '') return { value: Number.parseInt(figures, 16), end }
    return faultAt(end + 1, 'has no hexadecimal digits after the "0x".', 'Write for example holding:0x1F.')
  }
  if (digits !== '') return { value: Number(digits), end: at + digits.length }
  const mend = `Write ${text.slice(0, at)}${addressBase} for the first one.`
  return faultAt(at + 1, 'has no number after the ":".', mend)
}

/** Manuals write holding register 1 as 400001 where they use six digits. */
function mendNumber(area: Area, value: number, { addressBase }: Counting): string | undefined {
  if (value < addressBase) return `addressBase of the device is 1, so the first one is ${area}:1.`
  const index = value % 100_000
  if (value > 499_999 || index < 1 || index > LAST_ADDRESS + 1) return undefined
  const here = `${area}:${index - 1 + addressBase}`
  return `Numbers count from ${addressBase} here: write ${here} for what a manual calls ${value}, or the ${value} alone.`
}
