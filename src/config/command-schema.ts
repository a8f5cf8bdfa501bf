import { z } from 'zod'
import { accesses, type CommandConfig, type PayloadField, type WriteConfig } from '../core/command.ts'
import { dataTypes } from '../core/data-type.ts'
import { choice, decimal, duration, explain, flag, list, ofText, section, text, wholeNumber } from './fields.ts'
import { keyPattern } from './names.ts'
import { states } from './states-schema.ts'
import { withName, withUnits } from './units.ts'

const SECOND = 1_000
const DAY = 86_400_000

const key = (description: string, example: string) =>
  text({
    description,
    longest: 63,
    pattern: keyPattern,
    allowed: 'lower-case letters, digits, "-" and "_", at most 63, beginning with a letter or digit',
    example,
  })

const name = text({ description: 'Name that clients show.', example: 'Set point', otherwise: 'the key' })

const constant = (description: string) =>
  explain(z.union([z.boolean(), z.number(), z.string().max(1_000, ofText)]), {
    description,
    allowed: 'true, false, a number or a text; beyond 2^53 in quotes',
    example: '21.5',
  })

const given = (what: string) => `${what}: a constant, or \`$\` and the key of a parameter for its value.`

export const access = choice(accesses, {
  description: 'Whether clients may only read the value, or change it too.',
  otherwise: 'read',
})

const expiresAfter = duration({
  description: 'How long it may wait to be sent; after that it is not done any more.',
  low: SECOND,
  high: 30 * DAY,
  example: '1m',
})

const minInterval = duration({
  description: 'The least time from one to the next; one that comes sooner waits.',
  low: 10,
  high: DAY,
  example: '5s',
})

const latestWins = flag({
  description: 'Whether a newer one takes the place of one that waits, which is then cancelled.',
})

/** How values are written to a field device; all of it may be left out. */
const writeShape = {
  confirm: choice(['readBack', 'echo'], {
    description: 'When a write is confirmed: when the device reads the value, or when its answer repeats the write.',
    otherwise: 'readBack',
  }).optional(),
  tolerance: explain(z.number().nonnegative(), {
    allowed: 'a number from 0',
    description: "How far, in the tag's unit, what is read back may be from what was written.",
    example: '0.1',
    otherwise: '0; what the coding of the value rounds is no difference',
  }).optional(),
  readBackAfter: duration({
    description: 'From the write to the reading back.',
    low: 0,
    high: 60 * SECOND,
    example: '200ms',
    otherwise: '0ms',
  }).optional(),
  latestWins: latestWins.optional(),
  expiresAfter: expiresAfter.optional(),
  minInterval: minInterval.optional(),
}

const ABOUT_WRITE = 'How the value is written; only of a tag with `access: readWrite`.'

export const s7Write = section(ABOUT_WRITE, writeShape).transform((write): WriteConfig => withUnits(write))

export const modbusWrite = section(ABOUT_WRITE, {
  ...writeShape,
  functions: choice(['auto', 'multiple'], {
    description:
      'Modbus functions: 5 and 6 for one coil or register and 15 and 16 for more, or always 15 and 16 for devices that ' +
      'know no others.',
    otherwise: 'auto',
  }).optional(),
  bits: choice(['mask', 'readModifyWrite'], {
    description:
      'How a bit or byte of a register is written: by function 22, or by reading the register and writing it back, in ' +
      'which time the device must not change it itself.',
    otherwise: 'readModifyWrite',
  }).optional(),
}).transform((write): WriteConfig => withUnits(write))

const bounds = section('The values that are allowed.', {
  low: decimal({ description: 'The lowest.', example: '5' }),
  high: decimal({ description: 'The highest.', example: '30' }),
})

const parameter = section('An argument of a command.', {
  key: key('Name of the argument; unique in its command.', 'value'),
  name: name.optional(),
  description: text({ description: 'What it is, for people.', longest: 1_000, example: 'New set point' }).optional(),
  type: choice(dataTypes, { description: 'OPC UA data type.', example: 'Double' }),
  unit: text({ description: 'Engineering unit.', longest: 32, example: '°C' }).optional(),
  range: bounds.optional(),
  states: states.optional(),
  default: constant('What holds where it is not given; without it, it must be given.').optional(),
}).transform(withName)

const guard = section('A condition; it holds only while the value is Good.', {
  tag: text({
    description: 'The tag, as its device and its own key.',
    pattern: /^[a-z0-9][a-z0-9_-]{0,62}\/[a-z0-9][a-z0-9_-]{0,62}$/,
    allowed: 'the key of a device, "/" and the key of a tag',
    example: 'pump-1/running',
  }),
  equals: constant('The value that it must have.').optional(),
  above: decimal({ description: 'The value must be greater.', example: '10' }).optional(),
  below: decimal({ description: 'The value must be less.', example: '80' }).optional(),
})

const payloadField = section('Bits of the payload; each field begins where the one before it ended.', {
  hex: text({
    description: 'Constant bytes, in place of all other settings.',
    longest: 484,
    pattern: /^(?:[0-9A-Fa-f]{2})+$/,
    allowed: 'two hexadecimal digits a byte',
    example: '"01ff"',
  }).optional(),
  value: constant(given('What it holds')).optional(),
  encoding: choice(['uint', 'int', 'float', 'utf-8', 'bytes'], {
    description: 'How the value lies in the bits.',
    otherwise: 'uint',
  }).optional(),
  bits: wholeNumber({
    description: 'How many bits; a multiple of 8 for float, utf-8 and bytes.',
    low: 1,
    high: 1_936,
    example: '16',
    otherwise: '8',
  }).optional(),
  byteOrder: choice(['big', 'little'], { description: 'Order of the bytes.', otherwise: 'big' }).optional(),
  scale: decimal({ description: 'What is sent is (value − offset) ÷ scale.', example: '0.1' }).optional(),
  offset: decimal({ description: 'Taken off the value before it is divided.', example: '-40' }).optional(),
}).transform((field): PayloadField => field)

const downlink = section('What goes to a LoRaWAN device: either `object` or `payload`.', {
  fPort: wholeNumber({ description: 'FPort of the downlink (LoRaWAN).', low: 1, high: 223, example: '10' }),
  confirmed: flag({ description: 'Whether the device must acknowledge it.' }).default(false),
  object: explain(z.unknown(), {
    description: `What the codec of the device profile encodes; ${given('each text in it')}`,
    allowed: 'any object',
    example: '{ setpoint: $value }',
  }).optional(),
  payload: list(payloadField, 'The bytes, as fields one after another.').optional(),
})

const commandShape = {
  key: key('Immutable name in NodeIds; unique in its device or template, among its tags too.', 'open-valve'),
  name: name.optional(),
  description: text({
    description: 'What it does, for people.',
    longest: 1_000,
    example: 'Opens the valve',
  }).optional(),
  parameters: list(parameter, 'Its arguments.').default([]),
  expiresAfter: expiresAfter.optional(),
  minInterval: minInterval.optional(),
  latestWins: latestWins.optional(),
  onlyWhen: list(guard, 'What must hold when it is asked for, and again when it is sent.').optional(),
  needsConfirmation: flag({ description: 'Whoever asks for it must say that it is meant.' }).optional(),
}

export const lorawanCommand = section('Something that can be asked of a LoRaWAN device.', {
  ...commandShape,
  downlink,
}).transform((command): CommandConfig => withUnits(withName(command)))

export const fieldCommand = section('Something that can be asked of a device.', {
  ...commandShape,
  writes: list(
    section('A tag that is written.', {
      tag: key('Key of the tag, of the same device, with `access: readWrite`.', 'setpoint'),
      value: constant(given('What is written')),
    }),
    'The tags that are written, in this order; the first that fails ends it.',
  ),
}).transform((command): CommandConfig => withUnits(withName(command)))
