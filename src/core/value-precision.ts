import type { TagConfig } from './plant.ts'

/** Encodings of whole numbers, as Modbus devices, payloads and S7 CPUs have them. */
const wholeNumber = /^(?:u?int\d+|bcd\d+|[us]?sint|u?[dl]?int|byte|l?d?word)$/i

/**
 * How many digits behind the decimal point a Float or Double can have (ValuePrecision, OPC 10000-8 §5.3.1): those it is
 * rounded to, or those that whole numbers get by their scale and offset. Undefined where it is not known.
 */
export function valuePrecisionOf({ type, encoding, transform }: TagConfig): number | undefined {
  if (type !== 'Float' && type !== 'Double') return undefined
  const { round, scale = 1, offset = 0, linear, from } = transform ?? {}
  if (round !== undefined) return Math.max(0, round)
  if (encoding === undefined || !wholeNumber.test(encoding) || linear || from !== undefined) return undefined
  return Math.max(decimalsOf(scale), decimalsOf(offset))
}

/** Digits behind the decimal point of a number as it is written: of 0.05 two, of 1e-7 seven. */
function decimalsOf(number: number): number {
  const [mantissa = '', exponent = '0'] = String(number).split('e')
  return Math.max(0, (mantissa.split('.')[1] ?? '').length - Number(exponent))
}
