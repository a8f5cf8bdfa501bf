import { isNumeric, type Scalar, type TagValue } from '../data-type.ts'
import type { TagConfig } from '../plant.ts'
import { isKnownState } from '../states.ts'
import { StatusCode } from '../status-code.ts'
import { evaluator, inverse } from './line.ts'
import { lineOf, wholeNumberOf } from './transform.ts'

/** Why a value cannot be written, for the operator. */
export interface Unwritable {
  readonly status: StatusCode
  readonly reason: string
}

/** What a device must be told so that the tag reads a value. */
export interface Raw {
  readonly raw: TagValue
  /** Of a value that is some bits of a whole number: which; `raw` has them in their places. */
  readonly bits?: bigint
}

export const unwritable = (status: StatusCode, reason: string): Unwritable => ({ status, reason })

/** Bytes and `Raw` have no reason. */
export const isUnwritable = (made: object): made is Unwritable => 'reason' in made

type Written = Pick<TagConfig, 'type' | 'transform' | 'unit' | 'range' | 'states'>

/**
 * The transform of a tag backwards. The value fits the tag's type already. `whole`: the device holds whole numbers, so
 * what a scale makes of the value is rounded to the nearest, half away from zero; without a scale nothing is rounded.
 * Refused are values outside of the range, that are no state, and that the device would take for a sentinel.
 */
export function rawOf(tag: Written, value: TagValue, whole: boolean): Raw | Unwritable {
  const elements: readonly Scalar[] = Array.isArray(value) ? value : [value as Scalar]
  for (const element of elements) {
    const fault = outOfRange(tag, element)
    if (fault) return fault
  }
  const { transform, type } = tag
  if (Array.isArray(value)) return { raw: value }
  if (type === 'Boolean') return { raw: transform?.invert === true ? !(value as boolean) : value }
  if (type === 'String') return rawText(tag, value as string)
  if (!isNumeric(type)) return { raw: value }
  return rawNumber(tag, value as number | bigint, whole)
}

function outOfRange({ type, range, states }: Written, value: Scalar): Unwritable | undefined {
  if (range && (typeof value === 'number' || typeof value === 'bigint') && (value < range.low || value > range.high)) {
    return unwritable(
      StatusCode.BadOutOfRange,
      `${value} is outside of the range of the tag, ${range.low} to ${range.high}.`,
    )
  }
  if (!states || isKnownState({ type, states }, value)) return undefined
  const known = states.map((state) => (type === 'String' ? `"${state.name}"` : `${state.value} (${state.name})`))
  return unwritable(StatusCode.BadOutOfRange, `${value} is none of the states of the tag: ${known.join(', ')}.`)
}

/** A state is told by its code, where the device has one for it. */
function rawText(tag: Written, value: string): Raw | Unwritable {
  const codes = tag.states?.find(({ name }) => name === value)?.codes ?? []
  if (codes.length > 1) {
    const reason = `The device has several codes for "${value}": ${codes.join(', ')}; which one to write cannot be known.`
    return unwritable(StatusCode.BadConfigurationError, reason)
  }
  const [raw = value] = codes
  return sentinelOf(tag, raw) ?? { raw }
}

function rawNumber(tag: Written, value: number | bigint, whole: boolean): Raw | Unwritable {
  const { transform } = tag
  const line = lineOf(tag)
  const exact = line ? evaluator(inverse(line))(value) : value
  const raw = line && whole && typeof exact === 'number' ? nearest(exact) : exact
  if (typeof raw === 'number' && !Number.isFinite(raw)) {
    return unwritable(StatusCode.BadOutOfRange, `${value} is too great for the device.`)
  }
  const sentinel = sentinelOf(tag, raw)
  if (sentinel) return sentinel
  const mask = transform?.mask === undefined ? undefined : wholeNumberOf(transform.mask)
  const shift = BigInt(transform?.shift ?? 0)
  if (mask === undefined && shift === 0n) return { raw }
  if (typeof raw === 'number' && !Number.isSafeInteger(raw)) {
    return unwritable(StatusCode.BadOutOfRange, `${value} is no whole number, but the value is bits of one.`)
  }
  const wide = mask ?? 0xffff_ffff_ffff_ffffn
  const [placed, bits] = [BigInt(raw) << shift, (wide >> shift) << shift]
  if (placed >= 0n && (placed & ~bits) === 0n) return { raw: placed, bits }
  const field = `0x${bits.toString(16).toUpperCase()}`
  return unwritable(StatusCode.BadOutOfRange, `${value} does not fit the bits ${field} of the device's number.`)
}

function sentinelOf({ transform }: Written, raw: number | bigint | string): Unwritable | undefined {
  const { noSensor = [], sentinels = [] } = transform ?? {}
  const isIt = (written: number | string) =>
    written === raw || (typeof raw !== 'string' && wholeNumberOf(written) === whole(raw))
  if (![...noSensor, ...sentinels.map(({ value }) => value)].some(isIt)) return undefined
  return unwritable(StatusCode.BadOutOfRange, `The device would be told ${raw}, which stands for no value at all.`)
}

const whole = (raw: number | bigint): bigint | undefined =>
  typeof raw === 'bigint' || Number.isSafeInteger(raw) ? BigInt(raw) : undefined

function nearest(value: number): number {
  const rounded = Math.round(Math.abs(value))
  return value < 0 && rounded !== 0 ? -rounded : rounded
}
