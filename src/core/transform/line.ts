/**
 * A straight line, `(raw × a + b) / d`, in whole numbers: what is written in decimals is kept as written, so that a
 * register of 234 with the scale 0.1 is 23.4 and not 23.400000000000002. `d` is positive, and the three have no common
 * divisor.
 */
export interface Line {
  readonly a: bigint
  readonly b: bigint
  readonly d: bigint
}

/** Two numbers, of a register and of what it stands for there. */
export interface Points {
  readonly raw: readonly number[]
  readonly value: readonly number[]
}

/** `raw × scale + offset`. */
export function scaledLine(scale: number, offset: number): Line {
  const [a, aOver] = fraction(scale)
  const [b, bOver] = fraction(offset)
  return reduced(a * bOver, b * aOver, aOver * bOver)
}

/** The line through two points, of which both raw numbers differ. */
export function lineThrough({ raw, value }: Points): Line {
  const [low, lowOver] = fraction(raw[0] as number)
  const [high, highOver] = fraction(raw[1] as number)
  const [from, fromOver] = fraction(value[0] as number)
  const [to, toOver] = fraction(value[1] as number)
  const rise = to * fromOver - from * toOver
  const run = high * lowOver - low * highOver
  // from + (raw - low) × slope, with slope = (rise / fromOver toOver) / (run / lowOver highOver).
  const slope = rise * lowOver * highOver
  const over = run * fromOver * toOver
  return reduced(slope * lowOver * fromOver, from * over * lowOver - low * slope * fromOver, over * lowOver * fromOver)
}

/** What `outer` makes of what `inner` makes of a number. */
export const composed = (outer: Line, inner: Line): Line =>
  reduced(outer.a * inner.a, outer.a * inner.b + outer.b * inner.d, outer.d * inner.d)

/** The line backwards; it must not be flat. */
export const inverse = ({ a, b, d }: Line): Line => reduced(d, -b, a)

/** True where every whole number becomes a whole number. */
export const isWhole = ({ d }: Line): boolean => d === 1n

/** False where the line is too steep, too flat or too high for Double. */
export const isRepresentable = ({ a, b, d }: Line): boolean =>
  Number.isFinite(Number(a) / Number(d)) &&
  a !== 0n &&
  Number(a) / Number(d) !== 0 &&
  Number.isFinite(Number(b) / Number(d))

/** The line as a function: exact but for one last rounding where the numbers are not too long for that. */
export function evaluator({ a, b, d }: Line): (raw: number | bigint) => number {
  const [rise, shift, over] = [Number(a), Number(b), Number(d)]
  if ([rise, shift, over].every(Number.isSafeInteger)) return (raw) => (Number(raw) * rise + shift) / over
  const [slope, offset] = [rise / over, shift / over]
  return (raw) => Number(raw) * slope + offset
}

/** A finite number as it is written in decimals: numerator and positive denominator. */
export function fraction(decimal: number): [numerator: bigint, denominator: bigint] {
  const [mantissa = '', exponent = '0'] = String(decimal).split('e')
  const [whole = '', digits = ''] = mantissa.split('.')
  const power = Number(exponent) - digits.length
  const numerator = BigInt(whole + digits)
  return power < 0 ? [numerator, 10n ** BigInt(-power)] : [numerator * 10n ** BigInt(power), 1n]
}

function reduced(a: bigint, b: bigint, d: bigint): Line {
  const sign = d < 0n ? -1n : 1n
  const by = sign * divisor(divisor(magnitude(a), magnitude(b)), magnitude(d))
  return { a: a / by, b: b / by, d: d / by }
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)

function divisor(a: bigint, b: bigint): bigint {
  let [high, low] = [a, b]
  while (low !== 0n) [high, low] = [low, high % low]
  return high
}
