/**
 * The four data tables of a Modbus device (MODBUS Application Protocol V1.1b3 §4.3): single bits that can be written
 * (coils) or only read (discrete inputs), and 16-bit registers that can be written (holding) or only read (input).
 */
export const areas = ['coil', 'discrete', 'input', 'holding'] as const
export type Area = (typeof areas)[number]

export const isBitArea = (area: Area): boolean => area === 'coil' || area === 'discrete'

/** The last address of every table. */
export const LAST_ADDRESS = 65_535

/** `holding:100`, or with `bit` `holding:100.3`. Addresses are those on the wire, counted from 0. */
export interface ModbusAddress {
  readonly area: Area
  readonly start: number
  /** Bit of a register, 0 the least significant. */
  readonly bit?: number
}

/** Why a text is no address. `column` counts from 1. */
export interface AddressFault {
  readonly column: number
  readonly message: string
  readonly mend: string
}

const EXAMPLES =
  'Write for example coil:5, discrete:2, input:3, holding:100, or holding:100.3 for one bit of a register.'

/**
 * Reads `area:number` or `area:number.bit`. Numbers count from 0: what many manuals print as 40001 is `holding:0`.
 * Never throws; a fault names the column where the text stops making sense.
 */
export function parseAddress(text: string): ModbusAddress | AddressFault {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const area = areas.find((each) => each === name)
  if (!area) return fault(1, `starts with none of ${areas.map((each) => `${each}:`).join(', ')}.`, EXAMPLES)
  if (colon < 0) return fault(text.length + 1, 'has no ":" and number after the area.', EXAMPLES)

  const first = colon + 1
  const digits = leadingDigits(text, first)
  if (digits === '') return fault(first + 1, 'has no number after the ":".', EXAMPLES)
  const start = Number(digits)
  if (start > LAST_ADDRESS) {
    return fault(first + 1, `has the number ${digits}; 0 to ${LAST_ADDRESS} are allowed.`, countFromZero(digits))
  }

  const dot = first + digits.length
  if (dot === text.length) return { area, start }
  if (text[dot] !== '.') return fault(dot + 1, `goes on with "${text.slice(dot)}" after the number.`, EXAMPLES)
  if (isBitArea(area)) {
    return fault(dot + 1, `names a bit, but a ${area} is a single bit already.`, `Write ${area}:${start}.`)
  }
  const bitDigits = leadingDigits(text, dot + 1)
  const bit = Number(bitDigits)
  if (bitDigits === '' || bit > 15) {
    return fault(dot + 2, 'needs a bit from 0 to 15 after the ".".', `Write ${area}:${start}.0 for the lowest bit.`)
  }
  const end = dot + 1 + bitDigits.length
  if (end < text.length) return fault(end + 1, `goes on with "${text.slice(end)}" after the bit.`, EXAMPLES)
  return { area, start, bit }
}

/** The address in its one canonical form; `parseAddress` reads it back. */
export function formatAddress({ area, start, bit }: ModbusAddress): string {
  return bit === undefined ? `${area}:${start}` : `${area}:${start}.${bit}`
}

export const isAddressFault = (parsed: ModbusAddress | AddressFault): parsed is AddressFault => 'column' in parsed

function leadingDigits(text: string, from: number): string {
  let end = from
  while (end < text.length && text[end]! >= '0' && text[end]! <= '9') end++
  return text.slice(from, end)
}

function fault(column: number, message: string, mend: string): AddressFault {
  return { column, message, mend }
}

/** Manuals write holding register 1 as 400001 where they use six digits. */
function countFromZero(digits: string): string {
  const manual = /^[0134](\d{5})$/.exec(digits)
  const index = Number(manual?.[1]) - 1
  if (!manual || index < 0 || index > LAST_ADDRESS) return 'Look the address up as it is on the wire, counted from 0.'
  return `Addresses count from 0: write ${index} for what a manual calls ${digits}.`
}
