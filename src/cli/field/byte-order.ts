import type { DataType } from '../../core/data-type.ts'
import { type ByteOrder, byteOrderOf, registerOrders, wordOrderOf } from '../../core/plant.ts'
import { decoderOf } from '../../sources/modbus/decode.ts'
import { registersOf } from '../../sources/modbus/encoding.ts'

/** How the bytes of a 32-bit value A B C D lie in two registers, as manuals name the orders. */
const orders = registerOrders.map((name) => ({ name, byteOrder: byteOrderOf(name), wordOrder: wordOrderOf(name) }))
const numbers = [
  { encoding: 'int16', type: 'Int16' },
  { encoding: 'uint16', type: 'UInt16' },
  { encoding: 'bcd16', type: 'UInt16' },
  { encoding: 'float16', type: 'Float' },
  { encoding: 'int32', type: 'Int32' },
  { encoding: 'uint32', type: 'UInt32' },
  { encoding: 'bcd32', type: 'UInt32' },
  { encoding: 'float32', type: 'Float' },
  { encoding: 'int64', type: 'Int64' },
  { encoding: 'uint64', type: 'UInt64' },
  { encoding: 'bcd64', type: 'UInt64' },
  { encoding: 'float64', type: 'Double' },
] as const satisfies readonly { encoding: string; type: DataType }[]
/** How far a value may be from the expected one: what a display rounds off. */
const TOLERANCE = 0.005

/** One way to read the registers. */
export interface Interpretation {
  readonly order: string
  readonly byteOrder: ByteOrder
  readonly wordOrder: ByteOrder
  readonly encoding: string
  /** Absent: these bytes are no value of this encoding (NaN, infinity). */
  readonly value?: number | bigint
  /** It is the value that was expected, as far as a display shows it. */
  readonly matches: boolean
}

/**
 * Everything that the first registers can mean: each number in each order, for a person to recognise the right one.
 * `registers`: 2, 4 or 8 bytes as they came. `expected`: what the device's own display shows.
 */
export function interpretations(registers: Buffer, expected?: number): Interpretation[] {
  return numbers
    .filter(({ encoding }) => registersOf(encoding) * 2 <= registers.length)
    .flatMap(({ encoding, type }) => {
      const single = registersOf(encoding) === 1
      // The order of words says nothing of a single one.
      const possible = single ? orders.filter(({ wordOrder }) => wordOrder === 'big') : orders
      return possible.map(({ name, byteOrder, wordOrder }): Interpretation => {
        const read = decoderOf({ type, encoding, byteOrder, wordOrder })(registers, 0)
        const value = typeof read === 'number' || typeof read === 'bigint' ? read : undefined
        const matches = value !== undefined && expected !== undefined && near(Number(value), expected)
        const order = single ? name.slice(0, 2) : name
        return { order, byteOrder, wordOrder, encoding, ...(value === undefined ? {} : { value }), matches }
      })
    })
}

/** Also a value that the device holds in tenths, hundredths or thousandths is the one that it shows. */
function near(value: number, expected: number): boolean {
  if (expected === 0) return value === 0
  return [1, 10, 100, 1_000].some((scale) => Math.abs(value / scale - expected) <= Math.abs(expected) * TOLERANCE)
}
