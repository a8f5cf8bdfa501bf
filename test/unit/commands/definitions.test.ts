import { afterEach, describe, expect, it } from 'vitest'
import { defineOrder, defineRequest, isRefusal } from '../../../src/commands/definitions.ts'
import type { CommandConfig, Order } from '../../../src/core/command.ts'
import type { TagValue } from '../../../src/core/data-type.ts'
import { fitArgument, type Wanted } from '../../../src/core/fit-argument.ts'
import type { CalculatedSourceConfig, ChirpStackSourceConfig } from '../../../src/core/plant.ts'
import { statusName } from '../../../src/core/status-code.ts'
import { CommandRig } from '../../support/command-rig.ts'
import { PromptOutlet } from '../../support/held-outlet.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const heat: CommandConfig = {
  key: 'heat',
  name: 'Heat',
  parameters: [
    { key: 'to', name: 'To', type: 'Double', unit: '°C', range: { low: 5, high: 30 } },
    { key: 'minutes', name: 'Minutes', type: 'UInt16', default: 10 },
    { key: 'until', name: 'Until', type: 'Int64', default: '9007199254740993' },
  ],
  writes: [{ tag: 'setpoint', value: '$to' }],
}
const device = aModbusDevice(
  'boiler',
  [
    aTag('setpoint', { access: 'readWrite', range: { low: 0, high: 25 } }),
    aTag('level'),
    aTag('ratio', { type: 'Float' }),
    aTag('clock', { access: 'readWrite', type: 'DateTime' }),
    aTag('spare', { access: 'readWrite', disabled: true }),
    aTag('recipe', { access: 'readWrite', type: 'UInt16', arrayLength: 2 }),
    aTag('mode', {
      access: 'readWrite',
      type: 'UInt16',
      states: [
        { value: 0, name: 'Off', codes: [] },
        { value: 1, name: 'On', codes: [] },
      ],
    }),
  ],
  { commands: [heat] },
)
const [source] = aPlant([device]).sources
if (!source) throw new Error('no source')
const place = { source, device }

const write = (tag: string, value: TagValue): Order => ({ kind: 'write', tag, value })
const command = (key: string, given: Record<string, TagValue>): Order => ({
  kind: 'command',
  command: key,
  arguments: given,
})
const refusalOf = (order: Order, at: Parameters<typeof defineOrder>[0] = place) => {
  const defined = defineOrder(at, order)
  return isRefusal(defined) ? `${statusName(defined.status)}: ${defined.reason}` : 'accepted'
}

it.each([
  ['of a tag that is not there', write('setpint', 1), 'BadNodeIdUnknown: .*Did you mean setpoint'],
  ['of a tag that can only be read', write('level', 1), 'BadNotWritable: boiler/level can only be read; set access'],
  ['of a disabled tag', write('spare', 1), 'BadOutOfService'],
  ['of a text to a number', write('setpoint', '12'), 'BadTypeMismatch: .*"12"'],
  ['outside the range', write('setpoint', 26), 'BadOutOfRange: .*from 0 to 25'],
  ['of a value that is not finite', write('setpoint', Number.POSITIVE_INFINITY), 'BadOutOfRange'],
  ['of an array that is too short', write('recipe', [1]), 'BadTypeMismatch: .*UInt16\\[2\\]'],
  ['of a single value to an array', write('recipe', 70_000), 'BadTypeMismatch'],
  ['of an array with one value too large', write('recipe', [1, 65_536]), 'BadOutOfRange'],
  ['of an unknown state', write('mode', 7), 'BadOutOfRange: .*0 \\(Off\\), 1 \\(On\\)'],
])('a write %s is refused', (_what, order, refusal) => {
  expect(refusalOf(order)).toMatch(new RegExp(`^${refusal}`))
})

it.each([
  ['that is not there', command('heet', {}), 'BadMethodInvalid: .*Did you mean heat'],
  ['without an argument it needs', command('heat', {}), 'BadArgumentsMissing: .*to \\(Double, °C, 5 to 30\\)'],
  ['with an argument it does not have', command('heat', { to: 20, degrees: 1 }), 'BadTooManyArguments: .*"degrees"'],
  ['with an argument of another type', command('heat', { to: true }), 'BadTypeMismatch: .*argument to'],
  ['with an argument out of its range', command('heat', { to: 31 }), 'BadOutOfRange: .*5 to 30'],
  ['whose value does not fit the tag it is written to', command('heat', { to: 28 }), 'BadOutOfRange: .*tag setpoint'],
])('a command %s is refused', (_what, order, refusal) => {
  expect(refusalOf(order)).toMatch(new RegExp(`^${refusal}`))
})

it('a command gets its defaults, as the types of its parameters have them', () => {
  expect(defineOrder(place, command('heat', { to: 20 }))).toMatchObject({
    order: { arguments: { to: 20, minutes: 10, until: 9_007_199_254_740_993n } },
  })
})

it('the name of a state stands for its number', () => {
  expect(defineOrder(place, write('mode', 'on'))).toMatchObject({ order: { value: 1 } })
})

it('nothing is written to what is disabled, calculated or sends by itself', () => {
  expect(refusalOf(write('setpoint', 1), { source, device: { ...device, disabled: true } })).toMatch('device "boiler"')
  expect(refusalOf(write('setpoint', 1), { source: { ...source, disabled: true }, device })).toMatch('source "line"')
  const off = refusalOf(command('heat', { to: 20 }), { source, device: { ...device, disabled: true } })
  expect(off).toMatch(/^BadOutOfService: .*"boiler"/)
  const calculated: CalculatedSourceConfig = { kind: 'calculated', key: 'sums', name: '', disabled: false, devices: [] }
  expect(refusalOf(write('setpoint', 1), { source: calculated, device })).toMatch(/^BadNotWritable: .*calculated/)
  const lora = { ...calculated, kind: 'chirpstack' } as unknown as ChirpStackSourceConfig
  expect(refusalOf(write('level', 1), { source: lora, device })).toMatch(/^BadNotWritable: .*commands of the device/)
})

const fits: readonly [Wanted, unknown, TagValue | string][] = [
  [{ type: 'Int64' }, '9007199254740993', 9_007_199_254_740_993n],
  [{ type: 'UInt64' }, '-1', 'BadTypeMismatch'],
  [{ type: 'UInt64' }, -1n, 'BadOutOfRange'],
  [{ type: 'DateTime' }, '2026-07-23T10:00:00Z', Date.UTC(2026, 6, 23, 10)],
  [{ type: 'DateTime' }, 'tomorrow', 'BadTypeMismatch'],
  [{ type: 'ByteString' }, '01fF', new Uint8Array([1, 255])],
  [{ type: 'ByteString' }, '0', 'BadTypeMismatch'],
  [{ type: 'Int16' }, 1.5, 'BadTypeMismatch'],
  [{ type: 'Byte' }, 256, 'BadOutOfRange'],
  [{ type: 'Float' }, 1e39, 'BadOutOfRange'],
  [{ type: 'String' }, 5, 'BadTypeMismatch'],
  [{ type: 'Boolean' }, 1, 'BadTypeMismatch'],
]
it.each(fits.map((each) => [each[0].type, String(each[1]), String(each[2]), ...each] as const))(
  'as %s, %s is %s',
  (_type, _given, _as, wanted, given, expected) => {
    const fitted = fitArgument(wanted, given)
    expect('value' in fitted ? fitted.value : statusName(fitted.status)).toEqual(expected)
  },
)

it('a DateTime is a number where a client typed it, and a text where it comes out of JSON', () => {
  const by = { user: 'a', origin: 'http' } as const
  const refused = (value: TagValue, isPlain: boolean) =>
    isRefusal(defineRequest(place, { device: 'boiler', order: write('clock', value), isPlain, by }))
  expect(refused(1_795_290_740, true)).toBe(true)
  expect(refused('2026-07-23T10:00:00Z', true)).toBe(false)
  expect(refused(Date.UTC(2026, 6, 23), false)).toBe(false)
})

describe('a guard', () => {
  const guarded: CommandConfig = {
    key: 'open',
    name: 'Open',
    parameters: [],
    writes: [],
    onlyWhen: [
      { tag: 'boiler/level', above: 10, below: 80 },
      { tag: 'boiler/mode', equals: 'On' },
    ],
    needsConfirmation: true,
  }
  const rig = () => new CommandRig(aPlant([{ ...device, commands: [guarded] }]), new PromptOutlet())
  let used: CommandRig | undefined
  afterEach(() => used?.remove())
  const ask = (of: CommandRig, confirmed = true) => of.ask({ device: 'boiler', order: command('open', {}), confirmed })

  it('must hold when a command is asked for, and its values must be Good', async () => {
    used = rig()
    expect(await used.refused(ask(used))).toBe('BadInvalidState')
    used.values.give('boiler/level', 50)
    used.values.give('boiler/mode', 0)
    expect(await used.refused(ask(used))).toBe('BadInvalidState')
    used.values.give('boiler/mode', 1)
    expect(await used.refused(ask(used, false))).toBe('BadRequestNotAllowed')
    expect(await used.accepted(ask(used))).toBe(1)
    used.values.lose('boiler/level')
    expect(await used.refused(ask(used))).toBe('BadInvalidState')
  })

  it('on a Float looks at the 32 bits that the device has', async () => {
    const guard = [{ tag: 'boiler/ratio', equals: 0.1 }]
    const commands = [{ ...guarded, onlyWhen: guard, needsConfirmation: false }]
    used = new CommandRig(aPlant([{ ...device, commands }]), new PromptOutlet())
    used.values.give('boiler/ratio', Math.fround(0.2))
    expect(await used.refused(ask(used))).toBe('BadInvalidState')
    used.values.give('boiler/ratio', Math.fround(0.1))
    expect(await used.accepted(ask(used))).toBe(1)
  })

  it('must hold again when it is sent', async () => {
    used = rig()
    used.values.give('boiler/level', 50)
    used.values.give('boiler/mode', 1)
    const { running } = used
    used.running = undefined
    await used.accepted(ask(used))
    used.values.give('boiler/level', 90)
    used.running = running
    used.commands.sourceBegan('line')
    await used.clock.advance(0)
    expect(used.commands.find(1)?.command).toMatchObject({ state: 'refused' })
    expect(used.commands.find(1)?.command.reason).toContain('boiler/level is above 10 and is below 80; it is 90')
  })
})
