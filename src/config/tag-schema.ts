import type { z } from 'zod'
import { type DataType, dataTypes, isNumeric } from '../core/data-type.ts'
import { modbusEncodings, payloadEncodings, s7Encodings } from '../core/encodings.ts'
import { historyPolicies } from '../core/history-policy.ts'
import { charsets, paddings, registerOrders, type TagConfig } from '../core/plant.ts'
import { aggregates, checkAggregates } from './aggregates-schema.ts'
import { access, modbusWrite, s7Write } from './command-schema.ts'
import { complain } from './complaint.ts'
import { choice, decimal, duration, flag, inherited, section, text, wholeNumber } from './fields.ts'
import { keyPattern } from './names.ts'
import { type PolledTag, poll } from './poll-groups.ts'
import { checkStates, states } from './states-schema.ts'
import { checkDeadband, checkTransform, deadband, transform, withDeadband } from './transform-schema.ts'
import { withName, withUnits } from './units.ts'

const LONGEST_EXPRESSION = 1_000
const SECOND = 1_000
const DAY = 86_400_000

/** What sources, devices and tags have in common. */
export const named = {
  key: text({
    description: 'Immutable name in NodeIds; unique among its siblings, for a device in the whole plant.',
    longest: 63,
    pattern: keyPattern,
    allowed: 'lower-case letters, digits, "-" and "_", at most 63, beginning with a letter or digit',
    example: 'boiler-1',
  }),
  name: text({
    description: 'Name that clients show; may change at any time.',
    example: 'Boiler 1',
    otherwise: 'the key',
  }),
  disabled: flag({ description: 'Out of service: not read, its tags are BadOutOfService.' }),
}

/** Where something stands in the operator's own tree. */
export const folder = text({
  description: 'Folder of it in `Objects/Penstock/Plant`, as the plant is built: line, hall, building.',
  longest: 200,
  pattern: /^[^\s/](?:[^/]*[^\s/])?(?:\/[^\s/](?:[^/]*[^\s/])?){0,9}$/,
  allowed: 'up to ten names with "/" between them, without spaces at their ends, at most 200 characters',
  example: 'Hall 1/Line 2',
  otherwise: 'the plant itself',
})

/** How long values stay believable; a tag's own settings win over its device's. */
export const aging = {
  staleAfter: duration({
    description: 'Age after which a value turns UncertainLastUsableValue.',
    low: SECOND / 10,
    high: 365 * DAY,
    example: '15m',
  }),
  badAfter: duration({
    description: 'How long a value stays Uncertain after its source was lost, before it turns BadNoCommunication.',
    low: 0,
    high: 365 * DAY,
    example: '10m',
  }),
}

/** Which values are kept as history; a tag's own settings win over its device's. */
export const historyShape = {
  history: choice(historyPolicies, {
    description:
      'Which values are kept as history: none, those that differ from the one before, every one, or one each interval.',
    example: 'change',
  }),
  historyInterval: duration({
    description:
      'With `history: interval`: the least time between two values that are kept; qualities that differ are all.',
    low: SECOND,
    high: DAY,
    example: '5m',
  }),
  historyHeartbeat: duration({
    description: 'How old the last kept value gets before one that is said again unchanged is kept too.',
    low: SECOND,
    high: 31 * DAY,
    example: '1h',
  }),
  aggregates,
}

const range = section('Values outside are UncertainEngineeringUnitsExceeded; clients see it as EURange.', {
  low: decimal({ description: 'The lowest normal value.', example: '-40' }),
  high: decimal({ description: 'The highest normal value.', example: '85' }),
}).superRefine(({ low, high }, context) => {
  if (low < high) return
  const message = `The highest normal value must be greater than the lowest, ${low}.`
  complain(context, [{ at: ['high'], message, mend: 'Correct the two values.' }])
})

const instrumentRange = section('What the instrument can return at all; clients see it as InstrumentRange.', {
  low: decimal({ description: 'The lowest value that it can return.', example: '-55' }),
  high: decimal({ description: 'The highest value that it can return.', example: '125' }),
}).superRefine(({ low, high }, context) => {
  if (low < high) return
  const message = `The highest value of the instrument must be greater than the lowest, ${low}.`
  complain(context, [{ at: ['high'], message, mend: 'Correct the two values.' }])
})

/** Data blocks have no raw bytes that say where they end. */
const plainTypes = dataTypes.filter((type) => type !== 'ByteString') as [Exclude<DataType, 'ByteString'>]

/** Moments are not calculated with. */
const calculatedTypes = plainTypes.filter((type) => type !== ('DateTime' as string)) as [
  Exclude<DataType, 'ByteString' | 'DateTime'>,
]

const typeOf = <const Types extends readonly [DataType, ...DataType[]]>(types: Types) =>
  choice(types, {
    description: 'OPC UA data type that clients see; a value that does not fit it exactly is BadDecodingError.',
    example: 'Double',
  })

/** An array is compared, sent and stored as a whole whenever one element changes: 8 KB at the most, of numbers. */
const MOST_ELEMENTS = 1_000

/** What the tags of every kind of source have in common. */
const valueShape = {
  key: named.key,
  name: named.name.optional(),
  description: text({ description: 'What it is, for people.', longest: 1_000, example: 'Flow pipe' }).optional(),
  disabled: named.disabled.default(false),
  type: typeOf(plainTypes),
  states: states.optional(),
  unit: text({ description: 'Engineering unit.', longest: 32, example: '°C' }).optional(),
  range: range.optional(),
  instrumentRange: instrumentRange.optional(),
  deadband: deadband.optional(),
  history: inherited(historyShape.history),
  historyInterval: inherited(historyShape.historyInterval),
  historyHeartbeat: inherited(historyShape.historyHeartbeat),
  aggregates: inherited(historyShape.aggregates),
}

const tagShape = {
  ...valueShape,
  arrayLength: wholeNumber({
    description:
      'How many elements of the type the value has: a one-dimensional array. One that does not fit spoils all.',
    low: 1,
    high: MOST_ELEMENTS,
    example: '24',
    otherwise: 'a single value',
  }).optional(),
  transform: transform.optional(),
  staleAfter: inherited(aging.staleAfter),
  badAfter: inherited(aging.badAfter),
}

const address = (notations: string, example: string) =>
  text({ description: `Where the value is: ${notations}.`, allowed: `an address such as ${example}`, example })

/** How the bytes of a value lie in 16-bit registers; a device's settings hold for its tags. */
export const byteOrder = choice(['big', 'little'], { description: 'Order of the two bytes in a register.' })
export const wordOrder = choice(['big', 'little'], {
  description: 'Order of the registers of a value that spans several: big puts the most significant first.',
})

export const registerOrder = choice(registerOrders, {
  description:
    'Both orders in one word, as manuals have it: the bytes of a value, the most significant A, as they come. CDAB is ' +
    'wordOrder little, BADC is byteOrder little, DCBA is both.',
  example: 'CDAB',
})
export const charset = choice(charsets, { description: 'How characters are coded in a String.' })
export const padding = choice(paddings, {
  description:
    'What fills a String up to its length and is left out: `trim` all from the first NUL on and spaces at the end, ' +
    '`nul` or `space` only the one, `keep` nothing.',
})

export const chirpstackTag = section('A value of a LoRaWAN device.', {
  ...tagShape,
  address: address(
    '`object.` and the path in the decoded uplink, `payload` for its bytes, `link.` for the radio link, `device.` for ' +
      'age and interval, `status:` for the device status; `metric:`, `link-metric:`, `gateway-metric:` with `@hour`, ' +
      '`@day` or `@month`, `state:`, `inventory:` and `gateway:` for what is asked for',
    'object.temperature',
  ),
  type: typeOf(dataTypes),
  encoding: choice(payloadEncodings, {
    description: 'How a number lies in the bytes of the payload.',
    otherwise: 'the encoding of the type itself: Int16 is int16, Double is float64',
  }).optional(),
  byteOrder: choice(['big', 'little'], {
    description: 'Order of the bytes of a number in the payload.',
    otherwise: 'big',
  }).optional(),
  length: wholeNumber({
    description: 'How many bytes of the payload a ByteString or String takes.',
    low: 1,
    high: 242,
    example: '4',
    otherwise: 'all to its end',
  }).optional(),
})
  .superRefine(checkRange)
  .superRefine(checkAggregates)
  .superRefine(checkStates)
  .superRefine(checkTransform)
  .superRefine(checkDeadband)
  .transform((tag): TagConfig => withUnits(withName(withDeadband(tag))))

export const modbusTag = section('A value of a Modbus device.', {
  ...tagShape,
  address: address(
    '`holding:`, `input:`, `coil:` or `discrete:` and a number, with `.0` to `.15` for one bit, `.h` or `.l` for one ' +
      'byte; or as `40001`, `4x1`, `HR1`, `%MW0`',
    'holding:100',
  ),
  type: typeOf(dataTypes),
  encoding: choice(modbusEncodings, {
    description: 'How the value lies in the registers.',
    otherwise: 'the encoding of the type itself: Float is float32',
  }).optional(),
  byteOrder: inherited(byteOrder),
  wordOrder: inherited(wordOrder),
  order: inherited(registerOrder),
  charset: inherited(charset),
  padding: inherited(padding),
  length: wholeNumber({
    description: 'Characters of a String, bytes of a ByteString; two lie in a register, of utf-16 one.',
    low: 1,
    high: 250,
    example: '16',
  }).optional(),
  poll: inherited(poll),
  access: access.optional(),
  write: modbusWrite.optional(),
})
  .superRefine(checkRange)
  .superRefine(checkAggregates)
  .superRefine(checkStates)
  .superRefine(checkTransform)
  .superRefine(checkDeadband)
  .transform((tag): PolledTag => withUnits(withName(withDeadband(tag))))

export const s7Tag = section('A value of an S7 CPU.', {
  ...tagShape,
  address: address(
    'data block, type and byte, as `DB1,REAL4`, `DB1,X0.3`, `DB1,STRING20.30` or `DB1.DBD4`; bit memory, inputs and ' +
      'outputs as `M0.1`, `MW4`, `MREAL4`, `IW64`, `QB0`, `PIW256`; timers `T5`, counters `C3`',
    'DB1,REAL4',
  ),
  encoding: choice(s7Encodings, {
    description: 'S7 data type, where an address such as `DB1.DBD4` says only its width.',
    example: 'REAL',
    otherwise: 'the type in the address, or the only one that fits',
  }).optional(),
  poll: inherited(poll),
  access: access.optional(),
  write: s7Write.optional(),
})
  .superRefine(checkRange)
  .superRefine(checkAggregates)
  .superRefine(checkStates)
  .superRefine(checkTransform)
  .superRefine(checkDeadband)
  .transform((tag): PolledTag => withUnits(withName(withDeadband(tag))))

export const calculatedTag = section('A value that is calculated of other tags.', {
  ...valueShape,
  type: typeOf(calculatedTypes),
  expression: text({
    description:
      'What it is: numbers, other tags as `[device key/tag key]`, operators and functions; docs/transforms.md has them all.',
    longest: LONGEST_EXPRESSION,
    allowed: `an expression of at most ${LONGEST_EXPRESSION} characters`,
    example: "'[boiler-1/flow] * 3.6'",
  }),
})
  .superRefine(checkRange)
  .superRefine(checkAggregates)
  .superRefine(checkStates)
  .superRefine(checkDeadband)
  .transform(
    ({ expression, ...tag }): TagConfig => ({
      ...withUnits(withName(withDeadband(tag))),
      address: expression,
    }),
  )

function checkRange(
  tag: { type: DataType; range?: unknown; instrumentRange?: unknown; arrayLength?: number | undefined },
  context: z.core.$RefinementCtx,
): void {
  for (const setting of ['range', 'instrumentRange'] as const) {
    if (tag[setting] === undefined) continue
    if (tag.arrayLength !== undefined) {
      const message = `An array has no ${setting}.`
      complain(context, [{ at: [setting], message, mend: `Remove the ${setting}, or the arrayLength.` }])
    } else if (!isNumeric(tag.type)) {
      const message = `A ${tag.type} has no ${setting}.`
      complain(context, [{ at: [setting], message, mend: `Remove the ${setting}, or make the type a number.` }])
    }
  }
}
