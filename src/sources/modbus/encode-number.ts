import { StatusCode } from '../../core/status-code.ts'
import { type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import { type WholeNumber, wholeBytes } from '../whole-number.ts'
import type { NumberEncoding } from './decode-number.ts'

export type { NumberEncoding }

const MOST_FLOAT16 = 65_504
const MOST_FLOAT32 = 3.4028234663852886e38

/** The bytes of a number, the most significant first. Whole numbers must be whole and in range. */
export function encodeNumber(encoding: NumberEncoding, value: number | bigint): Buffer | Unwritable {
  const [, kind = '', digits = ''] = /^(int|uint|float|bcd)(\d+)$/.exec(encoding) ?? []
  const width = Number(digits)
  if (kind === 'float') return encodeFloat(encoding, width, Number(value))
  return wholeBytes({ name: encoding, width, kind: kind as WholeNumber['kind'] }, value)
}

function encodeFloat(encoding: NumberEncoding, width: number, value: number): Buffer | Unwritable {
  const bytes = Buffer.alloc(width / 8)
  if (width === 64) bytes.writeDoubleBE(value)
  else if (width === 32) bytes.writeFloatBE(value)
  else bytes.writeUInt16BE(halfBits(value))
  const most = width === 16 ? MOST_FLOAT16 : width === 32 ? MOST_FLOAT32 : Number.MAX_VALUE
  if (Math.abs(value) <= most) return bytes
  return unwritable(StatusCode.BadOutOfRange, `${value} is too great for ${encoding}, which ends at ${most}.`)
}

/** binary16 of IEC 60559, to the nearest, ties to even. Node has no writer of its own. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  // Below 2^-14 the steps stay as they are there.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const step = 2 ** (exponent - 10)
  const steps = toEven(size / step)
  return sign | (steps < 1_024 ? steps : ((exponent + 15) << 10) + steps - 1_024)
}

function toEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
