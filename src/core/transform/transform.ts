import { isBigInteger, isNumeric, type TagValue } from '../data-type.ts'
import type { TagConfig } from '../plant.ts'
import { GOOD_LIMITED_HIGH, GOOD_LIMITED_LOW, StatusCode } from '../status-code.ts'
import { composed, evaluator, type Line, lineThrough, scaledLine } from './line.ts'
import type { sentinelStatuses, TransformConfig } from './settings.ts'
import { conversion } from './units.ts'

/** What a raw value stands for, where that is not simply another value: none at all, or one that was limited. */
export class Verdict {
  readonly status: StatusCode
  /** Undefined: there is no usable value. */
  readonly value: TagValue | undefined

  constructor(status: StatusCode, value?: TagValue) {
    this.status = status
    this.value = value
  }
}

/**
 * Makes of what a device says what the tag stands for; costs nothing that has to be collected. What it cannot
 * calculate with (text, a Boolean where a number is expected) it leaves as it is: that does not fit the tag's type.
 */
export type Transform = (raw: unknown) => unknown

type Transformed = Pick<TagConfig, 'type' | 'transform' | 'unit' | 'range'>

const MISFIT = new Verdict(StatusCode.BadDecodingError)

/**
 * The transform of a checked tag, undefined where it has none. The steps have a fixed order: mask and shift, sentinels,
 * scale or line and unit conversion together, round, clamp; or for a Boolean, invert.
 */
export function transformOf(tag: Transformed): Transform | undefined {
  const { transform } = tag
  if (!transform) return undefined
  if (tag.type === 'Boolean') return transform.invert === true ? inverted : undefined
  const steps = [maskStep(tag), sentinelStep(transform), lineStep(tag), roundStep(transform), clampStep(tag)]
  const taken = steps.filter((step) => step !== undefined)
  const [only] = taken
  if (taken.length <= 1) return only
  return (raw) => {
    let value = raw
    for (const step of taken) {
      value = step(value)
      if (value instanceof Verdict) return value
    }
    return value
  }
}

/** Scale, line and unit conversion of a tag as one line; undefined where it has none of them. */
export function lineOf({ transform, unit }: Pick<Transformed, 'transform' | 'unit'>): Line | undefined {
  if (!transform) return undefined
  const { scale, offset, linear, from } = transform
  const own = linear
    ? lineThrough(linear)
    : (scale ?? offset) === undefined
      ? undefined
      : scaledLine(scale ?? 1, offset ?? 0)
  const converted = from === undefined || unit === undefined ? undefined : conversion(from, unit)
  return own && converted ? composed(converted, own) : (own ?? converted)
}

/**
 * Whether the value is made of the raw one in such a way that any raw number will do, whatever its width and sign: what
 * comes of it must fit the type.
 */
export function takesAnyNumber(tag: Transformed): boolean {
  const { type, transform } = tag
  if (!transform || !isNumeric(type) || isBigInteger(type)) return false
  return (transform.mask ?? transform.shift) !== undefined || lineOf(tag) !== undefined
}

/** A whole number as it may be written: a number, or text, in hexadecimal too, for those beyond 2^53. */
export function wholeNumberOf(written: number | string): bigint | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) ? BigInt(written) : undefined
  if (!/^(?:0x[0-9a-f]{1,16}|-?\d{1,20})$/i.test(written)) return undefined
  return BigInt(written)
}

function maskStep({ type, transform }: Transformed): Transform | undefined {
  const { mask, shift = 0 } = transform ?? {}
  const bits = mask === undefined ? undefined : wholeNumberOf(mask)
  if (bits === undefined && shift === 0) return undefined
  const wide = bits ?? 0xffff_ffff_ffff_ffffn
  const narrow = wide <= 0xffff_ffffn ? Number(wide) : undefined
  const by = BigInt(shift)
  const wideField = (raw: bigint) => (BigInt.asUintN(64, raw) & wide) >> by
  return (raw) => {
    if (typeof raw === 'bigint') return isBigInteger(type) ? wideField(raw) : Number(wideField(raw))
    if (typeof raw !== 'number') return raw
    if (!Number.isSafeInteger(raw)) return MISFIT
    // Operators on numbers take 32 bits, as two's complement.
    if (narrow !== undefined && raw >= -2_147_483_648 && raw <= 4_294_967_295 && shift < 32)
      return ((raw & narrow) >>> 0) >>> shift
    return Number(wideField(BigInt(raw)))
  }
}

function sentinelStep({ noSensor = [], sentinels = [] }: TransformConfig): Transform | undefined {
  if (noSensor.length + sentinels.length === 0) return undefined
  const verdicts = new Map<unknown, Verdict>()
  const add = (value: number | string, status: (typeof sentinelStatuses)[number]) => {
    const verdict = new Verdict(StatusCode[status])
    const whole = wholeNumberOf(value)
    verdicts.set(value, verdict)
    if (whole === undefined) return
    verdicts.set(whole, verdict)
    if (Number.isSafeInteger(Number(whole))) verdicts.set(Number(whole), verdict)
  }
  for (const value of noSensor) add(value, 'BadSensorFailure')
  for (const { value, status } of sentinels) add(value, status)
  return (raw) => verdicts.get(raw) ?? raw
}

function lineStep(tag: Transformed): Transform | undefined {
  const line = lineOf(tag)
  if (!line) return undefined
  const evaluate = evaluator(line)
  return (raw) => (typeof raw === 'number' || typeof raw === 'bigint' ? evaluate(raw) : raw)
}

/** Half away from zero. A number too great to have digits there stays as it is. */
function roundStep({ round }: TransformConfig): Transform | undefined {
  if (round === undefined) return undefined
  const power = 10 ** round
  return (raw) => (typeof raw === 'number' ? rounded(raw, power) : raw)
}

export function rounded(value: number, power: number): number {
  const enlarged = Math.abs(value) * power
  if (!(enlarged < Number.MAX_SAFE_INTEGER)) return value
  const nearest = Math.round(enlarged) / power
  return value < 0 && nearest !== 0 ? -nearest : nearest
}

function clampStep({ transform, range }: Transformed): Transform | undefined {
  if (transform?.clamp !== true || !range) return undefined
  const { low, high } = range
  const [lowest, highest] = [new Verdict(GOOD_LIMITED_LOW, low), new Verdict(GOOD_LIMITED_HIGH, high)]
  return (raw) => {
    if (typeof raw !== 'number' && typeof raw !== 'bigint') return raw
    return raw < low ? lowest : raw > high ? highest : raw
  }
}

/** Also of the numbers that stand for the two states; what a text says is meant as it says. */
function inverted(raw: unknown): unknown {
  if (typeof raw === 'boolean') return !raw
  return raw === 0 || raw === 1 ? 1 - raw : raw
}
