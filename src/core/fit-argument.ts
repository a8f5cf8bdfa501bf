import type { Refusal } from './command.ts'
import {
  integerBounds,
  isBigInteger,
  isInteger,
  isNumeric,
  shapeName,
  type TagValue,
  type ValueShape,
} from './data-type.ts'
import { parseDateTime } from './date-time.ts'
import { showValue } from './problem.ts'
import { fitTag, isKnownState, type StateConfig } from './states.ts'
import { StatusCode } from './status-code.ts'

/** What a value has to be. */
export interface Wanted extends ValueShape {
  readonly range?: { readonly low: number; readonly high: number } | undefined
  readonly states?: readonly StateConfig[] | undefined
}

export type Fitted = { readonly value: TagValue } | Refusal

/**
 * The value as its type holds it: BadTypeMismatch where it is of another, BadOutOfRange where it is not in the range of
 * the type, the range that is configured, or the states. Nothing is rounded or clamped. What JSON and YAML have no
 * words for may come as text: 64-bit integers in digits, a DateTime in ISO 8601, a ByteString in hexadecimal.
 */
export function fitArgument(wanted: Wanted, given: unknown): Fitted {
  const value = fitTag(wanted, Array.isArray(given) ? given.map((each) => ofText(wanted, each)) : ofText(wanted, given))
  if (value === undefined) return misfit(wanted, given)
  const elements = Array.isArray(value) ? (value as readonly TagValue[]) : [value]
  const { range, states } = wanted
  if (range && elements.some((element) => Number(element) < range.low || Number(element) > range.high)) {
    const reason = `${shown(given)} is not in the range from ${range.low} to ${range.high}.`
    return { status: StatusCode.BadOutOfRange, reason }
  }
  if (states && elements.some((element) => !isKnownState(wanted, element))) {
    const reason = `${shown(given)} is none of the states: ${statesInWords(states)}.`
    return { status: StatusCode.BadOutOfRange, reason }
  }
  return { value }
}

/**
 * The same of a value out of JSON or YAML, where a number is no DateTime: the seconds of the epoch that are meant would be
 * taken for milliseconds.
 */
export function fitPlain(wanted: Wanted, given: unknown): Fitted {
  const isNumber = (each: unknown) => typeof each === 'number'
  const isMoment = Array.isArray(given) ? given.some(isNumber) : isNumber(given)
  if (wanted.type !== 'DateTime' || !isMoment) return fitArgument(wanted, given)
  const reason = `${shown(given)} does not fit the type ${shapeName(wanted)}. ${howToWrite(wanted)}`
  return { status: StatusCode.BadTypeMismatch, reason }
}

function ofText({ type, states }: Wanted, given: unknown): unknown {
  if (typeof given !== 'string') return given
  if (isBigInteger(type)) return /^-?\d{1,20}$/.test(given) ? BigInt(given) : given
  if (states) return given
  if (type === 'DateTime') return parseDateTime(given) ?? given
  if (type === 'ByteString')
    return /^(?:[0-9a-f]{2})*$/i.test(given) ? new Uint8Array(Buffer.from(given, 'hex')) : given
  return given
}

function misfit(wanted: Wanted, given: unknown): Refusal {
  const { type, arrayLength } = wanted
  const isWhole = (each: unknown) => typeof each === 'bigint' || (typeof each === 'number' && Number.isInteger(each))
  const isNumber = (each: unknown) => typeof each === 'number' || typeof each === 'bigint'
  const isTooFar = (each: unknown) =>
    isNumeric(type) && isNumber(each) && (!isInteger(type) || isWhole(each) || !Number.isFinite(Number(each)))
  const elements: readonly unknown[] = Array.isArray(given) ? given : [given]
  const { arrayLength: _length, ...single } = wanted
  const misfits = elements.filter((element) => fitTag(single, ofText(single, element)) === undefined)
  const isRange = Array.isArray(given) === (arrayLength !== undefined) && misfits.length > 0 && misfits.every(isTooFar)
  const status = isRange ? StatusCode.BadOutOfRange : StatusCode.BadTypeMismatch
  const isRightLength = Array.isArray(given) && given.length === arrayLength
  const which = isRightLength ? `, since element ${elements.indexOf(misfits[0])} is ${shown(misfits[0])}` : ''
  return { status, reason: `${shown(given)} does not fit the type ${shapeName(wanted)}${which}. ${howToWrite(wanted)}` }
}

/** What would fit, of a list each of its elements. */
function howToWrite({ type, states, arrayLength }: Wanted): string {
  const one = states ? `one of the states: ${statesInWords(states)}` : singleInWords(type)
  return arrayLength === undefined ? `Write ${one}.` : `Write a list of ${arrayLength}, of which each is ${one}.`
}

function singleInWords(type: Wanted['type']): string {
  const bounds = integerBounds(type)
  if (!bounds) return hints[type] ?? 'a finite number'
  return `a whole number from ${bounds[0]} to ${bounds[1]}${isBigInteger(type) ? ', beyond 9007199254740991 in quotes' : ''}`
}

const statesInWords = (states: readonly StateConfig[]): string =>
  states.map((state) => `${state.value} (${state.name})`).join(', ')

const hints: Readonly<Partial<Record<Wanted['type'], string>>> = {
  Boolean: 'true or false',
  String: 'a text, in quotes',
  Float: 'a number that a float of 32 bits holds, up to 3.4e38',
  DateTime: 'a time of ISO 8601 with its zone, such as 2026-07-23T10:00:00Z',
  ByteString: 'two hexadecimal digits a byte',
}

function shown(given: unknown): string {
  if (given instanceof Uint8Array) return `0x${Buffer.from(given.subarray(0, 30)).toString('hex')}`
  if (typeof given === 'bigint') return String(given)
  if (!Array.isArray(given)) return showValue(given)
  return `A list of ${given.length}`
}
