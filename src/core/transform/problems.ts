import { type DataType, fitValue, isBigInteger, isInteger, isNumeric } from '../data-type.ts'
import { nearest } from '../nearest.ts'
import type { TagConfig } from '../plant.ts'
import { isRepresentable, isWhole } from './line.ts'
import type { TransformConfig } from './settings.ts'
import { lineOf, wholeNumberOf } from './transform.ts'
import { conversion, convertibleUnits, convertibleWith } from './units.ts'

export interface TransformProblem {
  /** The setting, from the tag on. */
  readonly at: readonly (string | number)[]
  readonly message: string
  readonly mend: string
}

type Checked = Pick<TagConfig, 'type' | 'arrayLength' | 'transform' | 'unit' | 'range' | 'states'>
type Setting = keyof TransformConfig

const steps: readonly Setting[] = [
  ...([
    'mask',
    'shift',
    'noSensor',
    'sentinels',
    'scale',
    'offset',
    'linear',
    'from',
    'round',
    'clamp',
    'invert',
  ] as const),
]
const making: readonly Setting[] = ['scale', 'offset', 'linear', 'from']

/**
 * Everything wrong with the transform of a tag. `rawType`: the integer type as which the device says the raw value,
 * where that is known.
 */
export function transformProblems(tag: Checked, rawType?: DataType): TransformProblem[] {
  const { transform } = tag
  if (!transform) return []
  const misplaced = misplacedSteps(tag, transform)
  if (misplaced.length > 0) return misplaced
  return [
    ...bitProblems(transform),
    ...sentinelProblems(transform, rawType),
    ...lineProblems(tag, transform),
    ...roundProblems(tag, transform),
    ...clampProblems(tag, transform),
  ]
}

/** Which steps the type of the tag leaves, and the steps that are there beside them. */
function misplacedSteps({ type, states, arrayLength }: Checked, transform: TransformConfig): TransformProblem[] {
  if (arrayLength !== undefined) {
    return [
      problem([], 'An array is not transformed.', 'Remove the transform, or read its elements as tags of their own.'),
    ]
  }
  const allowed = allowedSteps(type, states !== undefined)
  const there = steps.filter((step) => transform[step] !== undefined && !allowed.includes(step))
  const what = states ? `An enumeration of type ${type}` : `A ${type}`
  return there.map((step) => {
    if (isBigInteger(type) && making.includes(step)) {
      const message = `A ${type} stays exact, so it is not calculated with.`
      return problem([step], message, 'Make the type Double, whose values are then the nearest that a Double can hold.')
    }
    const others = allowed.length > 0 ? `; allowed are ${allowed.join(', ')}` : ''
    return problem([step], `${what} cannot be transformed so${others}.`, `Remove ${step}, or change the type.`)
  })
}

function allowedSteps(type: DataType, isEnumeration: boolean): readonly Setting[] {
  if (type === 'Boolean') return ['invert']
  if (type === 'String') return ['noSensor', 'sentinels']
  if (!isNumeric(type)) return []
  if (isEnumeration) return ['mask', 'shift', 'noSensor', 'sentinels']
  if (isBigInteger(type)) return ['mask', 'shift', 'noSensor', 'sentinels', 'clamp']
  return steps.filter((step) => step !== 'invert')
}

function bitProblems({ mask }: TransformConfig): TransformProblem[] {
  if (mask === undefined) return []
  const bits = wholeNumberOf(mask)
  if (bits !== undefined && bits > 0n && bits < 2n ** 64n) return []
  const message = 'A mask is a whole number from 1 to 0xFFFFFFFFFFFFFFFF.'
  return [problem(['mask'], message, `Write for example 0x0FFF${exactly(mask)}.`)]
}

function sentinelProblems({ noSensor = [], sentinels = [] }: TransformConfig, rawType?: DataType): TransformProblem[] {
  const all = [
    ...noSensor.map((value, position) => ({ value, at: ['noSensor', position] })),
    ...sentinels.map(({ value }, position) => ({ value, at: ['sentinels', position, 'value'] })),
  ]
  return all.flatMap(({ value, at }, position) => {
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return [problem(at, 'A number of this size is only exact as text.', `Write it in quotes${exactly(value)}.`)]
    }
    const earlier = all.findIndex((other) => other.value === value)
    if (earlier < position) return [problem(at, `It is there twice: ${value}.`, 'Remove one of the two.')]
    const whole = wholeNumberOf(value)
    if (!rawType || whole === undefined || fitValue(rawType, fitting(rawType, whole)) !== undefined) return []
    const message = `The device never says ${value}: what it says is read as ${rawType}.`
    return [problem(at, message, `Write it as ${rawType}${asSigned(rawType, whole)}, or correct the encoding.`)]
  })
}

const fitting = (type: DataType, whole: bigint): number | bigint => (isBigInteger(type) ? whole : Number(whole))

/** What a manual prints as 0x8000 is -32768 for whoever reads it with a sign. */
function asSigned(type: DataType, whole: bigint): string {
  const bits = { SByte: 8, Int16: 16, Int32: 32, Int64: 64 }[type as string]
  if (bits === undefined) return ''
  const signed = BigInt.asIntN(bits, whole)
  return whole > 0n && whole < 2n ** BigInt(bits) ? `, ${signed}` : ''
}

const exactly = (value: number | string): string =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? ', beyond 2^53 in quotes: "0xFFFFFFFFFFFFFFFF"' : ''

function lineProblems(tag: Checked, transform: TransformConfig): TransformProblem[] {
  const { linear, scale, offset, from } = transform
  const problems: TransformProblem[] = []
  if (linear) {
    const also = (['scale', 'offset'] as const).filter((step) => transform[step] !== undefined)
    for (const step of also) {
      problems.push(problem([step], 'The two points of linear say it already.', `Remove ${step}, or linear.`))
    }
    // The schema says so by itself.
    if (linear.raw.length !== 2 || linear.value.length !== 2) return problems
    for (const side of ['raw', 'value'] as const) {
      if (linear[side][0] !== linear[side][1]) continue
      const message = `The two ${side === 'raw' ? 'raw numbers' : 'values'} of linear are the same.`
      problems.push(problem(['linear', side], message, 'Give two points that differ, such as [0, 27648] and [0, 100].'))
    }
  }
  if (scale === 0) problems.push(problem(['scale'], 'A scale of 0 makes every value 0.', 'Correct the scale.'))
  if (from !== undefined) problems.push(...conversionProblems(tag, from))
  if (problems.length > 0) return problems
  const line = lineOf(tag)
  if (!line) return []
  const at = [linear ? 'linear' : (making.find((step) => transform[step] !== undefined) ?? 'scale')]
  if (!isRepresentable(line)) {
    return [problem(at, 'The numbers are too great or too small to calculate with.', 'Correct the numbers.')]
  }
  if (!isInteger(tag.type) || isWhole(line) || transform.round !== undefined) return []
  const message = `It does not make whole numbers only, as ${tag.type} has them${offset === undefined ? '' : ', with the offset'}.`
  return [problem(at, message, 'Make the type Double, or add "round: 0".')]
}

function conversionProblems({ unit }: Checked, from: string): TransformProblem[] {
  const others = convertibleWith(from)
  if (others.length === 0) {
    const meant = nearest(from, convertibleUnits)
    const message = `This unit is not known to convert into another. Known are ${convertibleUnits.join(', ')}.`
    return [problem(['from'], message, meant ? `Write ${meant}.` : 'Use scale and offset in its place.')]
  }
  if (unit === undefined) {
    return [problem(['from'], 'The tag has no unit to convert to.', `Add "unit: ${others[0]}" to the tag.`)]
  }
  if (conversion(from, unit)) return []
  const message = `${from} cannot become ${unit}, the unit of the tag; it converts into ${others.join(', ')}.`
  return [problem(['from'], message, 'Correct one of the two units.')]
}

function roundProblems({ type }: Checked, { round }: TransformConfig): TransformProblem[] {
  if (round === undefined || round === 0 || !isInteger(type)) return []
  return [problem(['round'], `A ${type} has no digits behind the decimal point.`, 'Write "round: 0".')]
}

function clampProblems({ type, range }: Checked, { clamp }: TransformConfig): TransformProblem[] {
  if (clamp !== true) return []
  if (!range) return [problem(['clamp'], 'Only values of a tag with a range can be kept in it.', 'Add the range.')]
  if (fitValue(type, range.low) !== undefined && fitValue(type, range.high) !== undefined) return []
  const message = `The ends of the range, ${range.low} and ${range.high}, are no values of a ${type}.`
  return [problem(['clamp'], message, 'Correct the range, or the type.')]
}

const problem = (at: readonly (string | number)[], message: string, mend: string): TransformProblem => ({
  at: ['transform', ...at],
  message,
  mend,
})
