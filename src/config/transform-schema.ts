import { z } from 'zod'
import { type DataType, dataTypes, isNumeric } from '../core/data-type.ts'
import type { TagConfig } from '../core/plant.ts'
import { transformProblems } from '../core/transform/problems.ts'
import { sentinelStatuses } from '../core/transform/settings.ts'
import { convertibleUnits } from '../core/transform/units.ts'
import { complain } from './complaint.ts'
import { choice, decimal, explain, flag, list, ofText, section, text, wholeNumber } from './fields.ts'

const sentinel = explain(z.union([z.number(), z.string().min(1, ofText).max(200, ofText)]), {
  description: 'What the device says.',
  allowed: 'a number, in hexadecimal too, or a text; beyond 2^53 in quotes',
  example: '0xFFFF',
})

const pair = (description: string, example: string) =>
  list(decimal({ description: 'A number.', example: '0' }), description).superRefine((written, context) => {
    if (written.length === 2) return
    complain(context, [{ at: [], message: 'Two numbers belong here.', mend: `Write for example ${example}.` }])
  })

const sentinels = section('A value that is none, and what it means.', {
  value: sentinel,
  status: choice(sentinelStatuses, { description: 'StatusCode that the tag gets.' }),
})

/** How a tag's value is made of what the device says; the order of the settings is that of the steps. */
export const transform = section('How the value is made of what the device says, step by step in this order.', {
  mask: explain(z.union([z.number(), z.string().min(1, ofText).max(20, ofText)]), {
    description: 'Which bits of a whole number belong to the value.',
    allowed: 'a whole number from 1, in hexadecimal too; beyond 2^53 in quotes',
    example: '0x0FFF',
  }).optional(),
  shift: wholeNumber({
    description: 'How many places the bits then move to the right.',
    low: 0,
    high: 63,
    example: '4',
  }).optional(),
  noSensor: list(sentinel, 'What the device says when its sensor is missing or broken: BadSensorFailure.').optional(),
  sentinels: list(sentinels, 'What the device says in place of a value for other reasons.').optional(),
  scale: decimal({
    description: 'Factor; the result is exact in decimals, 234 × 0.1 is 23.4.',
    example: '0.1',
  }).optional(),
  offset: decimal({ description: 'Added after the factor.', example: '-40' }).optional(),
  linear: section('Two points of a straight line, in place of scale and offset; it goes on beyond them.', {
    raw: pair('Two numbers that the device says.', '[0, 27648]'),
    value: pair('What they stand for.', '[0, 100]'),
  }).optional(),
  from: text({
    description: "Unit in which the device measures; the result is converted into the tag's `unit`.",
    longest: 32,
    allowed: `one of ${convertibleUnits.join(', ')}`,
    example: '°F',
  }).optional(),
  round: wholeNumber({
    description: 'Digits kept behind the decimal point, half away from zero.',
    low: 0,
    high: 15,
    example: '1',
  }).optional(),
  clamp: flag({
    description: 'Whether a value outside the range becomes its nearer end: Good, with the limit bits low or high.',
  }).optional(),
  invert: flag({ description: 'Whether true and false of a Boolean are exchanged.' }).optional(),
})

/** A number in the tag's unit, or a share of its range. */
export const deadband = explain(
  z.union([
    z.number().positive(),
    z
      .string()
      .max(20, ofText)
      .regex(/^\d{1,3}(?:\.\d{1,6})?\s?%$/)
      .refine((share) => Number.parseFloat(share) > 0 && Number.parseFloat(share) <= 100),
  ]),
  {
    description:
      'How far a value must be from the last one that clients heard for them to hear it; a status always is.',
    allowed: "a number above 0 in the tag's unit, or a share of its range above 0 % and up to 100 %",
    example: '0.5',
  },
)

type Checked = Pick<TagConfig, 'type' | 'arrayLength' | 'transform' | 'unit' | 'range' | 'states' | 'encoding'> & {
  readonly deadband?: number | string | undefined
}

/** What the transform and the deadband demand of the rest of their tag. */
export function checkTransform(tag: Checked, context: z.core.$RefinementCtx): void {
  complain(context, transformProblems(tag, rawTypeOf(tag)))
}

/** The data type of which an integer encoding has the width and sign. */
function rawTypeOf({ encoding }: Checked): DataType | undefined {
  const name = encoding?.toLowerCase()
  const alias = {
    int8: 'SByte',
    uint8: 'Byte',
    byte: 'Byte',
    word: 'UInt16',
    int: 'Int16',
    dword: 'UInt32',
    dint: 'Int32',
  }
  if (name === undefined) return undefined
  return Object.hasOwn(alias, name) ? (alias[name as keyof typeof alias] as DataType) : integers.get(name)
}

const integers: ReadonlyMap<string, DataType> = new Map(
  dataTypes.filter((type) => /^U?Int/.test(type)).map((type) => [type.toLowerCase(), type]),
)

export function checkDeadband(tag: Checked, context: z.core.$RefinementCtx): void {
  const { type, arrayLength, states, range, deadband: width } = tag
  if (width === undefined) return
  const say = (message: string, mend: string) => complain(context, [{ at: ['deadband'], message, mend }])
  if (arrayLength !== undefined) say('An array has no deadband.', 'Remove the deadband or the arrayLength.')
  else if (states) say('An enumeration has no deadband.', 'Remove the deadband or the states.')
  else if (!isNumeric(type)) say(`A ${type} has no deadband.`, 'Remove the deadband, or make the type a number.')
  else if (typeof width === 'string' && !range) {
    say('Only a tag with a range can have a share of it.', 'Add the range, or write the deadband as a number.')
  }
}

/** The same tag with its deadband as a number. */
export function withDeadband<Tag extends Checked>(tag: Tag): Omit<Tag, 'deadband'> & { deadband?: number | undefined } {
  const { deadband: width, range } = tag
  if (typeof width !== 'string') return { ...tag, deadband: width }
  const share = Number.parseFloat(width) / 100
  return { ...tag, deadband: range ? share * (range.high - range.low) : undefined }
}
