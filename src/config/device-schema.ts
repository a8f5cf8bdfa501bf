import { z } from 'zod'
import { linkTagKeys } from '../core/link-tags.ts'
import {
  type ByteOrder,
  byteOrderOf,
  type ChirpStackDeviceConfig,
  type ChirpStackGatewayConfig,
  type ChirpStackGroupConfig,
  type DeviceBase,
  type RegisterOrder,
  wordOrderOf,
} from '../core/plant.ts'
import { fieldCommand, lorawanCommand } from './command-schema.ts'
import { always, complain } from './complaint.ts'
import { choice, duration, explain, flag, list, retell, section, text, wholeNumber } from './fields.ts'
import { keyPattern } from './names.ts'
import { remembering } from './parse-memory.ts'
import { poll, pollGroups } from './poll-groups.ts'
import { settingOf } from './raw.ts'
import {
  aging,
  byteOrder,
  calculatedTag,
  charset,
  chirpstackTag,
  folder,
  historyShape,
  modbusTag,
  named,
  padding,
  registerOrder,
  s7Tag,
  wordOrder,
} from './tag-schema.ts'
import { isTimeZone } from './time-zone.ts'
import { withName, withUnits } from './units.ts'

const plate = (description: string, example: string) => text({ description, example }).optional()

const deviceShape = {
  key: named.key,
  name: named.name.optional(),
  description: plate('What it is and where it stands, for people.', 'Boiler house, east wall'),
  folder: folder.optional(),
  disabled: named.disabled.default(false),
  manufacturer: plate('As on its nameplate.', 'Milesight'),
  model: plate('As on its nameplate.', 'EM300-TH'),
  serialNumber: plate('As on its nameplate.', '"6136B2214"'),
  hardwareRevision: plate('Version of its hardware.', 'V2.1'),
  softwareRevision: plate('Version of its firmware.', '"1.27"'),
  deviceManual: plate('Where its manual is: a web address, or a place on paper.', 'https://manuals.example/em300.pdf'),
  staleAfter: retell(aging.staleAfter, {
    description: 'Age after which the values of its tags turn UncertainLastUsableValue.',
    otherwise: 'learned from how often the device speaks or is read',
  }).optional(),
  badAfter: aging.badAfter.prefault('10m'),
  history: retell(historyShape.history, { otherwise: 'every of a LoRaWAN device, off of others' }).optional(),
  historyInterval: retell(historyShape.historyInterval, { otherwise: '1m' }).optional(),
  historyHeartbeat: retell(historyShape.historyHeartbeat, { otherwise: 'it is not kept again' }).optional(),
  aggregates: retell(historyShape.aggregates, { otherwise: 'none' }).optional(),
}

export const eui64 = (about: { description: string; otherwise?: string; example: string }) =>
  explain(
    z
      .string()
      .regex(/^[0-9A-Fa-f]{2}(?:([-:]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){6}$/)
      .transform((written) => written.replace(/[-:]/g, '').toLowerCase()),
    {
      allowed: '16 hexadecimal digits in either case, as they are or in pairs separated by "-" or ":"',
      ...about,
    },
  )

/** Whether LoRaWAN devices get the standard tags of their radio link and battery. */
export const linkTags = flag({
  description: `Adds tags for the radio link and battery: ${linkTagKeys.join(', ')}. One of the device's own with the same key or address takes the place of such a tag.`,
})

export const chirpstackDevice = section('A LoRaWAN device, a LoRaWAN gateway, or a multicast group.', {
  ...deviceShape,
  devEui: eui64({
    description: 'DevEUI of the device (LoRaWAN), as on its label or in ChirpStack.',
    otherwise: 'required, unless it has a `gatewayId` or a `multicastGroup`',
    example: '"24e124136d123456"',
  }).optional(),
  gatewayId: eui64({
    description: 'Id of the gateway (LoRaWAN), as on its label or in ChirpStack.',
    otherwise: 'none: it is an end device',
    example: '"0016c001f1500001"',
  }).optional(),
  multicastGroup: explain(
    z.guid().transform((id) => id.toLowerCase()),
    {
      description: 'Id of the multicast group, which hears commands as one.',
      allowed: "a UUID, as in the address of the group's page in ChirpStack",
      example: '3f0c7f8e-5c1b-4f0a-9a55-0c1d2e3f4a5b',
      otherwise: 'none: it is an end device',
    },
  ).optional(),
  linkTags: retell(linkTags, { otherwise: 'as the source' }).optional(),
  template: text({
    description: 'Template whose tags it has too; its own win by key.',
    longest: 63,
    pattern: keyPattern,
    allowed: 'the key of a template of `templates`',
    example: 'climate',
  }).optional(),
  tags: list(remembering(chirpstackTag), 'Its values.').default([]),
  commands: list(lorawanCommand, 'What can be asked of it.').optional(),
})
  .superRefine(checkIdentity, always)
  .transform(
    ({
      devEui,
      gatewayId,
      multicastGroup,
      linkTags: own,
      template,
      ...device
    }): ChirpStackDeviceConfig | ChirpStackGatewayConfig | ChirpStackGroupConfig => {
      const named = withUnits(withName(device))
      if (gatewayId !== undefined) return { ...named, gatewayId }
      if (multicastGroup !== undefined) return { ...named, multicastGroup }
      return { ...named, devEui: devEui ?? '', template, linkTags: own }
    },
  )

/** Whatever it is given may have any shape. */
function checkIdentity(device: unknown, context: z.core.$RefinementCtx): void {
  const has = (name: string) => settingOf(device, name) !== undefined
  const own = (['devEui', 'gatewayId', 'multicastGroup'] as const).filter(has)
  const [only, second] = own
  if (own.length === 1 && only !== 'devEui' && only !== undefined) {
    for (const setting of ['linkTags', 'template'].filter(has)) {
      complain(context, [{ at: [setting], ...noEndDevice[only] }])
    }
  }
  if (own.length === 1) return
  complain(context, [
    {
      at: [second ?? 'devEui'],
      message:
        'A device of ChirpStack has one of devEui, gatewayId and multicastGroup, and this one has ' +
        `${own.length === 0 ? 'none' : own.join(' and ')}.`,
      mend: second
        ? 'Keep devEui for an end device, gatewayId for a gateway and multicastGroup for a group, and make devices of their own of the others.'
        : 'Write devEui: "24e124136d123456" for an end device, or gatewayId: "0016c001f1500001" for a gateway.',
    },
  ])
}

const noEndDevice = {
  gatewayId: {
    message: 'A gateway is no end device, and has no such setting.',
    mend: 'Remove it; gateway:state and others are its tags.',
  },
  multicastGroup: {
    message: 'A multicast group is no end device, and has no such setting.',
    mend: 'Remove it; group:queue and others are its tags, and its commands stand in itself.',
  },
}

const adaptive = section('Reads the device less often while nothing of it changes, and as set at the first change.', {
  slowest: duration({
    description: 'The longest period that comes of it.',
    low: 100,
    high: 86_400_000,
    example: '1m',
  }),
}).transform((settings) => withUnits(settings))

export const modbusDevice = section('A unit of a Modbus endpoint.', {
  ...deviceShape,
  unitId: explain(
    z
      .number()
      .int()
      .min(1)
      .max(255)
      .refine((unitId) => unitId <= 247 || unitId === 255),
    {
      description: 'Modbus unit id of the device.',
      allowed: 'a whole number from 1 to 247, or 255; 0 is broadcast, which no device answers',
      example: '1',
    },
  ),
  poll: poll.prefault('1s'),
  pollGroups: retell(pollGroups, {
    description: 'Poll groups of this device alone; they win over those of the source.',
    otherwise: 'those of the source',
  }).optional(),
  addressBase: explain(z.literal([0, 1]), {
    description:
      'What the first register, or bit, is called in addresses such as `holding:0`. Notations that count in one way ' +
      'only, as 40001, HR1 and %MW0, do not heed it.',
    allowed: '0 or 1',
    example: '1',
    otherwise: '0',
  }).optional(),
  bitOrder: choice(['lsb', 'msb'], {
    description: 'Which bit of a register `.0` is: the least significant or the most significant one.',
    otherwise: 'lsb',
  }).optional(),
  iecMemory: choice(['words', 'bytes'], {
    description:
      'What the numbers of %MD, %MX and %MB count: `words` as in Modicon M221, M340 and M580, where %MD10 begins at ' +
      '%MW10; `bytes` as in CODESYS and Machine Expert, where it begins at %MW20.',
    otherwise: 'addresses with %MD, %MX or %MB are refused',
  }).optional(),
  byteOrder: retell(byteOrder, { otherwise: 'big' }).optional(),
  wordOrder: retell(wordOrder, { otherwise: 'big' }).optional(),
  order: retell(registerOrder, { otherwise: 'as byteOrder and wordOrder say' }).optional(),
  charset: retell(charset, { otherwise: 'utf-8' }).optional(),
  padding: retell(padding, { otherwise: 'trim' }).optional(),
  timeZone: text({
    description:
      'Where the clock of the device is, for dates that are not UTC by themselves: a name of the IANA, or an offset.',
    longest: 64,
    allowed: 'a name such as Europe/Berlin, or an offset such as +01:00',
    example: 'Europe/Berlin',
    otherwise: 'UTC',
  })
    .refine(isTimeZone)
    .optional(),
  maxRegisters: wholeNumber({
    description: 'The most registers that the device answers at once.',
    low: 1,
    high: 125,
    example: '125',
  }).default(125),
  maxCoils: wholeNumber({
    description: 'The most coils or discrete inputs that the device answers at once.',
    low: 1,
    high: 2_000,
    example: '2000',
  }).default(2_000),
  maxGap: wholeNumber({
    description:
      'The most unused registers, or bits, between two values that are read along with them; 0 where the device must ' +
      'not be asked for anything that no tag names.',
    low: 0,
    high: 2_000,
    example: '0',
    otherwise: 'what costs no more than another request: 64 registers, 1024 bits',
  }).optional(),
  forbidden: list(
    text({
      description: 'Addresses of one area.',
      allowed: 'an area with the first and the last address, or with one',
      example: 'holding:100-199',
    }),
    'Addresses that are never asked for, not even between two values that are read together.',
  ).optional(),
  oneTagPerRequest: flag({
    description: 'Asks for each value by itself, for devices that answer for nothing else.',
  }).optional(),
  adaptive: adaptive.optional(),
  tags: list(remembering(modbusTag), 'Its values.').default([]),
  commands: list(fieldCommand, 'What can be asked of it beside writing its tags.').optional(),
})
  .superRefine(checkOrder)
  .transform(({ order, byteOrder, wordOrder, ...device }) => ({
    ...withUnits(withName(device)),
    byteOrder: byteOrder ?? byteOrderOf(order),
    wordOrder: wordOrder ?? wordOrderOf(order),
  }))

interface Orders {
  readonly order?: RegisterOrder | undefined
  readonly byteOrder?: ByteOrder | undefined
  readonly wordOrder?: ByteOrder | undefined
}

function checkOrder({ order, byteOrder, wordOrder }: Orders, context: z.core.$RefinementCtx): void {
  if (order === undefined || (byteOrder === undefined && wordOrder === undefined)) return
  const message = 'It says what byteOrder and wordOrder say.'
  const mend = `Keep order, or byteOrder: ${byteOrderOf(order)} and wordOrder: ${wordOrderOf(order)} in its place.`
  complain(context, [{ at: ['order'], message, mend }])
}

export const s7Device = section('What is read of an S7 CPU.', {
  ...deviceShape,
  poll: poll.prefault('1s'),
  pollGroups: retell(pollGroups, {
    description: 'Poll groups of this device alone; they win over those of the source.',
    otherwise: 'those of the source',
  }).optional(),
  adaptive: adaptive.optional(),
  tags: list(remembering(s7Tag), 'Its values.').default([]),
  commands: list(fieldCommand, 'What can be asked of it beside writing its tags.').optional(),
}).transform((device) => withUnits(withName(device)))

export const calculatedDevice = section('What belongs together of the calculated values.', {
  key: deviceShape.key,
  name: deviceShape.name,
  description: plate('What it is, for people.', 'Balance of hall 3'),
  folder: deviceShape.folder,
  disabled: deviceShape.disabled,
  history: retell(historyShape.history, { otherwise: 'off' }).optional(),
  historyInterval: deviceShape.historyInterval,
  historyHeartbeat: deviceShape.historyHeartbeat,
  aggregates: deviceShape.aggregates,
  tags: list(remembering(calculatedTag), 'Its values.').default([]),
}).transform((device): DeviceBase => ({ ...withUnits(withName(device)), badAfterMs: 0 }))
