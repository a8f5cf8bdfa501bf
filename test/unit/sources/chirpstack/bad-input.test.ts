import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataTypes } from '../../../../src/core/data-type.ts'
import { Pipeline } from '../../../../src/core/pipeline.ts'
import { CLOCK_TOLERANCE } from '../../../../src/core/sample.ts'
import { StatusCode, statusName } from '../../../../src/core/status-code.ts'
import { eventKinds } from '../../../../src/sources/chirpstack/event-fields.ts'
import { WatchedDevice } from '../../../../src/sources/chirpstack/watched-device.ts'
import { EventContext } from '../../../support/chirpstack-context.ts'
import { chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../../../support/chirpstack-plant.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const good = loraTag('good', 'object.good')
const addresses = [
  'object.v',
  'object.a.b[0].c',
  'object["__proto"]',
  'object.constructor',
  'link.rssi',
  'link.latitude',
]
const tags = [
  ...dataTypes.map((type) => loraTag(type.toLowerCase(), 'object.v', { type })),
  ...addresses.map((address, position) => loraTag(`a${position}`, address)),
  loraTag('gateway', 'link.gatewayId', { type: 'String' }),
  loraTag('payload', 'payload', { type: 'ByteString' }),
  loraTag('byte', 'payload@2[1]', { type: 'Byte' }),
  loraTag('state', 'object.v', { type: 'Byte', states: [{ value: 1, name: 'On', codes: ['on'] }] }),
  loraTag('battery', 'status:batteryLevel'),
  loraTag('place', 'location:location.latitude'),
  loraTag('age', 'device.age'),
]

/** Two devices with the real pipeline: `hall` is fed with anything, `yard` shows that it is left alone. */
function twoDevices() {
  const clock = new ManualClock()
  const config = chirpStackConfig([
    loraDevice('hall', 'a81758fffe0a1001', [good, ...tags]),
    loraDevice('yard', 'a81758fffe0a1002', [good]),
  ])
  const devices = loraDevicesOf(config)
  const indexed = devices.flatMap((each) => each.tags)
  const pipeline = new Pipeline(indexed, clock)
  const context = new EventContext(clock, indexed)
  const [hall, yard] = devices.map((device) => new WatchedDevice(device, { ...context, ...{ sink: pipeline } }))
  for (const device of [hall!, yard!]) device.accepted()
  const shown = (id: string) => {
    const { index } = indexed.find((each) => each.id === id)!
    return [pipeline.table.value(index), statusName(pipeline.table.status[index] as number)]
  }
  return { clock, context, pipeline, hall: hall!, yard: yard!, shown }
}

const evilKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'v',
  'a',
  'b',
  'good',
  'object',
  '',
)
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -0, 1.5, 2 ** 53, 2 ** 64, 1e308, -1e308, '', 'on', 'NaN', 'Infinity', '\u0000'),
    fc.double(),
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(evilKey, tie('value'), { maxKeys: 5 }),
  ),
})).value
const time = fc.oneof(
  fc.constantFrom(
    null,
    '',
    'now',
    '9999-12-31T23:59:59Z',
    '0001-01-01T00:00:00Z',
    '2025-12-31T23:59:00.123456789+00:00',
  ),
  value,
)
const field = fc.oneof(value, fc.constant(undefined))
const body = fc.record({
  time,
  deduplicationId: field,
  object: field,
  data: fc.oneof(value, fc.constant('AAEC')),
  fPort: fc.oneof(value, fc.constantFrom(0, 2, 257, -1)),
  fCnt: field,
  rxInfo: fc.oneof(
    value,
    fc.array(fc.record({ rssi: field, snr: field, gatewayId: field, location: field }), { maxLength: 3 }),
  ),
  txInfo: field,
  batteryLevel: field,
  location: field,
  code: fc.oneof(value, fc.constant('UPLINK_CODEC')),
  description: field,
})
const item = fc.record({
  id: fc.oneof(fc.string(), fc.constantFrom('1-0', '2-0', '99999999999999999999-1', '0-0', '')),
  time: fc.constantFrom(undefined, 0, 1_000, 1_767_225_590_000, 9e15),
  description: fc.oneof(fc.constantFrom(...eventKinds), fc.string(), evilKey),
  body: fc.oneof(
    { weight: 5, arbitrary: body.map((each) => JSON.stringify(each)) },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: value.map((each) => JSON.stringify(each) ?? '') },
  ),
})

describe('whatever a device sends', () => {
  it('nothing throws, no value is invented, and neither the next good value nor another device suffers', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 12 }), (items) => {
        const { clock, context, pipeline, hall, yard, shown } = twoDevices()
        yard.take({ id: '5-0', time: clock.now(), description: 'up', body: '{"object":{"good":7}}' })
        for (const each of items) hall.take(each)
        hall.review()
        expect(shown('yard/good')).toEqual([7, 'Good'])
        for (let tag = 0; tag < pipeline.table.size; tag++) {
          const status = pipeline.table.status[tag] as number
          const at = pipeline.table.sourceTime[tag] as number
          if (Number.isNaN(at)) expect(status).toBe(StatusCode.BadWaitingForInitialData)
          else expect(at).toBeLessThanOrEqual(clock.now() + CLOCK_TOLERANCE)
          const held = pipeline.table.value(tag)
          if (status === StatusCode.Good && typeof held === 'number') expect(Number.isFinite(held)).toBe(true)
        }
        clock.jump(60_000)
        const next = { time: new Date(clock.now()).toISOString(), object: { good: 8 }, deduplicationId: 'the next one' }
        hall.take({ id: `${clock.now()}-7`, time: clock.now(), description: 'up', body: JSON.stringify(next) })
        expect(shown('hall/good')).toEqual([8, 'Good'])
        expect(({} as Record<string, unknown>).v).toBeUndefined()
        expect(context.lines.length).toBeLessThan(40)
      }),
      { numRuns: 300 },
    )
  })
})
