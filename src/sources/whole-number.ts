import { StatusCode } from '../core/status-code.ts'
import { type Unwritable, unwritable } from '../core/transform/inverse.ts'

/** How a whole number lies in bytes; `name` is what manuals call it. */
export interface WholeNumber {
  readonly name: string
  readonly width: number
  readonly kind: 'int' | 'uint' | 'bcd'
}

/** The bytes of a whole number, the most significant first; refused with BadOutOfRange where it is none, or too great. */
export function wholeBytes({ name, width, kind }: WholeNumber, value: number | bigint): Buffer | Unwritable {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return unwritable(StatusCode.BadOutOfRange, `The device holds whole numbers (${name}), and ${value} is none.`)
  }
  const exact = BigInt(value)
  const [low, high] = limitsOf(kind, width)
  if (exact < low || exact > high) {
    return unwritable(StatusCode.BadOutOfRange, `The device would be told ${exact}; ${name} holds ${low} to ${high}.`)
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(kind === 'bcd' ? BigInt(`0x${exact}`) : BigInt.asUintN(64, exact))
  return bytes.subarray(8 - width / 8)
}

function limitsOf(kind: WholeNumber['kind'], width: number): readonly [bigint, bigint] {
  if (kind === 'bcd') return [0n, 10n ** BigInt(width / 4) - 1n]
  const all = 1n << BigInt(width)
  return kind === 'int' ? [-all / 2n, all / 2n - 1n] : [0n, all - 1n]
}
