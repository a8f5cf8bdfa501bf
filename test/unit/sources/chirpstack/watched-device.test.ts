import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { TagConfig } from '../../../../src/core/plant.ts'
import type { DeviceProfile } from '../../../../src/sources/chirpstack/listed.ts'
import { WatchedDevice } from '../../../../src/sources/chirpstack/watched-device.ts'
import { EventContext } from '../../../support/chirpstack-context.ts'
import { chirpStackConfig, loraDevice, loraDevicesOf, loraTag, TENANT } from '../../../support/chirpstack-plant.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const EUI = 'a81758fffe0a1001'

function watch(tags: readonly TagConfig[] = [loraTag('t', 'object.t')], devEui = EUI) {
  const clock = new ManualClock()
  const devices = loraDevicesOf(chirpStackConfig([loraDevice('hall', devEui, tags)]))
  const context = new EventContext(
    clock,
    devices.flatMap((each) => each.tags),
  )
  const device = new WatchedDevice(devices[0]!, context)
  let sequence = 0
  /** An event of `secondsAgo`, as ChirpStack's log has it. */
  const send = (body: Record<string, unknown> | string, secondsAgo = 0, description = 'up') => {
    const time = clock.now() - secondsAgo * 1_000
    const text = typeof body === 'string' ? body : JSON.stringify({ time: new Date(time).toISOString(), ...body })
    device.take({ id: `${time}-${sequence++}`, time, description, body: text })
  }
  device.started()
  return { clock, context, sink: context.sink, device, send, health: () => context.devices.get('hall') }
}

const aProfile = (fields: Partial<DeviceProfile>): DeviceProfile => ({
  uplinkInterval: 0,
  statusRequestsPerDay: 0,
  codec: 'JS',
  isAlwaysListening: false,
  ...fields,
})

describe('an event of a device', () => {
  it('gives each tag its value with the time of the event', () => {
    const { sink, send, clock } = watch([loraTag('t', 'object.t'), loraTag('n', 'fCnt', { type: 'UInt32' })])
    send({ object: { t: 21.5 }, fCnt: 7 }, 3)
    expect(sink.told).toEqual([
      { tag: 'hall/t', what: 'event', value: 21.5, time: clock.now() - 3_000 },
      { tag: 'hall/n', what: 'event', value: 7, time: clock.now() - 3_000 },
    ])
  })

  it('leaves the tags alone that another port carries', () => {
    const { sink, send } = watch([loraTag('t', 'object.t'), loraTag('battery', 'object.battery')])
    send({ object: { t: 20 } }, 2)
    send({ object: { battery: 3.6 } }, 1)
    expect(sink.told.map(({ tag }) => tag)).toEqual(['hall/t', 'hall/battery'])
  })

  it('whose value is of a wrong type makes the tag BadDecodingError, and only it', () => {
    const { sink, send } = watch([
      loraTag('t', 'object.t'),
      loraTag('n', 'object.n', { type: 'Int16' }),
      loraTag('group', 'object.list', { type: 'String' }),
    ])
    send({ object: { t: 'hot', n: 1.5, list: [1] } }, 2)
    expect(['hall/t', 'hall/n', 'hall/group'].map((tag) => sink.last(tag))).toEqual(Array(3).fill('BadDecodingError'))
    send({ object: { t: 21, n: 7, list: 'a' } }, 1)
    expect(['hall/t', 'hall/n', 'hall/group'].map((tag) => sink.last(tag))).toEqual([21, 7, 'a'])
  })

  it('that says there is no sensor is no fault of the tag, as one is that its transform makes nothing of', () => {
    const transform = { noSensor: ['N/A', 999], scale: 10 }
    const { context, send, health } = watch([loraTag('t', 'object.t', { type: 'Int16', transform })])
    for (const [n, t] of ['N/A', 999, 21].entries()) send({ object: { t } }, 9 - n)
    expect(context.counted('misfits')).toBe(0)
    send({ object: { t: 4_000 } })
    expect([context.counted('misfits'), health()?.reason]).toEqual([
      1,
      expect.stringContaining('object.t: 4000, of which its transform makes no Int16'),
    ])
  })

  it('with null makes the tag BadSensorFailure', () => {
    const { sink, send, clock } = watch()
    send({ object: { t: null } })
    expect(sink.told).toEqual([{ tag: 'hall/t', what: 'failed', status: 'BadSensorFailure', time: clock.now() }])
  })

  it('that comes late is counted as late and not as taken', () => {
    const { context, send } = watch()
    send({ object: { t: 2 } }, 1)
    send({ object: { t: 1 } }, 9)
    expect([context.counted('events'), context.counted('late')]).toEqual([1, 1])
    expect(context.sink.values('hall/t')).toEqual([2])
  })

  it('that is no JSON is counted, logged once for the device, and the next one is taken', () => {
    const { context, send } = watch()
    for (let n = 0; n < 5; n++) send('{"object":{"t":')
    send({ object: { t: 3 } })
    expect(context.counted('malformed')).toBe(5)
    expect(context.lines.filter((line) => line.includes('cannot be understood'))).toHaveLength(1)
    expect(context.sink.last('hall/t')).toBe(3)
  })

  it('of a kind that nobody knows is counted, logged once and left out', () => {
    const { context, send } = watch()
    send({ object: { t: 3 } }, 0, 'integration')
    expect(context.counted('unknownEvents')).toBe(0)
    for (const kind of ['newKind', 'newKind', '__proto__', 'constructor', '']) send('?', 0, kind)
    expect(context.counted('unknownEvents')).toBe(5)
    expect(context.counted('malformed') + context.counted('events')).toBe(0)
    expect(context.lines.filter((line) => line.includes('of a kind'))).toHaveLength(1)
    expect(context.sink.told).toEqual([])
  })

  it('whose time is far in the future holds no later one back', () => {
    const { clock, sink, send } = watch()
    const at = (time: number) => new Date(time).toISOString()
    send({ time: at(clock.now() + 20 * 365 * 86_400_000), object: { t: 1 } }, 30)
    send({ time: at(clock.now() - 20_000), object: { t: 2 } }, 20)
    expect(sink.told).toMatchObject([
      { value: 1, time: clock.now() - 30_000 },
      { value: 2, time: clock.now() - 20_000 },
    ])
  })

  it('whose time is far in the past has the time at which ChirpStack wrote it', () => {
    const { clock, sink, send } = watch()
    send({ time: '1980-01-06T00:00:00Z', object: { t: 1 } }, 5)
    expect(sink.told).toMatchObject([{ value: 1, time: clock.now() - 5_000 }])
  })

  it('of more than a megabyte is left out, and so is its text in a value', () => {
    const { context, sink, send } = watch([loraTag('t', 'object.t'), loraTag('s', 'object.s', { type: 'String' })])
    send({ object: { t: 1, pad: 'x'.repeat(1_100_000) } }, 3)
    expect([context.counted('malformed'), sink.told]).toEqual([1, []])
    send({ object: { t: 2, s: 'x'.repeat(100_000) } }, 2)
    expect([sink.last('hall/t'), sink.last('hall/s')]).toEqual([2, 'BadDecodingError'])
  })

  it('that is nested without end harms nothing', () => {
    const { context, sink, send } = watch()
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      send(`{"object":{"t":${open.repeat(100_000)}1${close.repeat(100_000)}}}`, 2)
    }
    send({ object: { t: 3 } })
    expect(sink.last('hall/t')).toBe(3)
    expect(context.counted('events') + context.counted('malformed')).toBe(3)
  })

  it('of another kind reaches the tags with its prefix', () => {
    const { sink, send } = watch([
      loraTag('battery', 'status:batteryLevel'),
      loraTag('addr', 'join:devAddr', { type: 'String' }),
    ])
    send({ batteryLevel: 87.4, margin: 12 }, 1, 'status')
    send({ devAddr: '01020304' }, 0, 'join')
    expect([sink.last('hall/battery'), sink.last('hall/addr')]).toEqual([87.4, '01020304'])
  })

  it('does not reach a disabled tag', () => {
    const { sink, send } = watch([loraTag('t', 'object.t', { disabled: true }), loraTag('u', 'object.t')])
    send({ object: { t: 3 } })
    expect(sink.told.map(({ tag }) => tag)).toEqual(['hall/u'])
  })
})

describe('a value that does not fit its tag', () => {
  const text = { object: { t: 'hot', u: 1 } }

  it('is said in the reason of its device and logged once, until the next one fits', () => {
    const { device, context, send, health } = watch([loraTag('t', 'object.t'), loraTag('u', 'object.u')])
    device.accepted()
    for (const secondsAgo of [30, 20, 10]) send(text, secondsAgo)
    expect(health()).toEqual({
      state: 'online',
      reason: 'object.t: text where Double is configured (since 2025-12-31T23:59:30.000Z).',
    })
    expect(context.lines.filter((line) => line.includes('does not fit'))).toHaveLength(1)
    expect(context.counted('misfits')).toBe(3)
    send({ object: { t: 21, u: 1 } }, 1)
    expect(health()).toEqual({ state: 'online', reason: '' })
    expect(context.sink.last('hall/t')).toBe(21)
    send(text, 0)
    expect(context.lines.filter((line) => line.includes('does not fit'))).toHaveLength(2)
  })

  it('and comes late says nothing of how the tag is now', () => {
    const { device, send, health } = watch()
    device.accepted()
    send({ object: { t: 21 } }, 1)
    send({ object: { t: 'hot' } }, 9)
    expect(health()?.reason).toBe('')
  })

  it('is told with the others of its device', () => {
    const { device, send, health } = watch([
      loraTag('t', 'object.t'),
      loraTag('b', 'payload[9]', { type: 'Byte' }),
      loraTag('n', 'object.n', { type: 'Int16' }),
    ])
    device.accepted()
    send({ object: { t: {}, n: 1.5 }, fPort: 2, data: 'AAE=' })
    expect(health()?.reason).toMatch(/^object\.t: a group of values where Double .* And 2 more\.$/)
  })

  it('is a code that is no state of the tag', () => {
    const states = [{ value: 1, name: 'Open', codes: [] }]
    const { device, send, sink, health } = watch([loraTag('s', 'object.s', { type: 'Byte', states })])
    device.accepted()
    send({ object: { s: 'ajar' } }, 2)
    expect(health()?.reason).toMatch(/"ajar", which is no state of the tag/)
    send({ object: { s: 'open' } }, 1)
    expect([sink.last('hall/s'), health()?.reason]).toEqual([1, ''])
  })
})

describe('a device', () => {
  it('without a codec says so where its tags are in the decoded object, and gives its bytes', () => {
    const { device, send, sink, health } = watch([
      loraTag('t', 'object.t'),
      loraTag('b', 'payload[1]', { type: 'Byte' }),
    ])
    device.accepted()
    send({ fPort: 2, data: 'AAE=' }, 2)
    expect(sink.last('hall/b')).toBe(1)
    expect(health()).toEqual({ state: 'online', reason: expect.stringContaining('there is no codec') })
    send({ fPort: 0 }, 1)
    expect(health()?.reason).toBe('')
    const bytesOnly = watch([loraTag('b', 'payload[1]', { type: 'Byte' })])
    bytesOnly.device.accepted()
    bytesOnly.send({ fPort: 2, data: 'AAE=' })
    expect(bytesOnly.health()?.reason).toBe('')
  })

  it('has an age only while its stream says when it is heard', () => {
    const { device, clock, send, sink } = watch([loraTag('age', 'device.age')])
    device.accepted()
    send({ object: {} }, 4)
    expect(sink.last('hall/age')).toBe(4)
    device.disconnected('No connection to ChirpStack.')
    clock.jump(60_000)
    device.review()
    expect(sink.last('hall/age')).toBe('lost')
    device.accepted()
    expect(sink.last('hall/age')).toBe(64)
  })

  it('is known by its DevEUI in lower case', () => {
    expect(watch([], EUI.toUpperCase()).device.devEui).toBe(EUI)
  })

  it('is online while it reports, and offline when it misses its interval', () => {
    const { device, send, health, clock } = watch()
    device.profiled(aProfile({ uplinkInterval: 60, statusRequestsPerDay: 0 }))
    device.accepted()
    expect(health()).toMatchObject({ state: 'unknown' })
    send({ object: { t: 1 } })
    expect(health()).toEqual({ state: 'online', reason: '' })
    clock.jump(149_000)
    device.review()
    expect(health()?.state).toBe('online')
    clock.jump(2_000)
    device.review()
    expect(health()).toEqual({
      state: 'offline',
      reason: expect.stringMatching(/^Not heard since 2026-01-01T00:00:00\.000Z; an uplink is expected every 60 s/),
    })
    send({ object: { t: 2 } })
    expect(health()?.state).toBe('online')
  })

  it('is offline when ChirpStack last heard it long ago', () => {
    const { device, health, clock } = watch()
    device.accepted()
    device.profiled(aProfile({ uplinkInterval: 60, statusRequestsPerDay: 0 }))
    device.present(clock.now() - 86_400_000)
    expect(health()?.state).toBe('offline')
  })

  it('tells how old its values may get: two and a half intervals of its profile', () => {
    const { device, sink } = watch([loraTag('t', 'object.t'), loraTag('battery', 'status:batteryLevel')])
    device.profiled(aProfile({ uplinkInterval: 600, statusRequestsPerDay: 24 }))
    expect([...sink.expected]).toEqual([
      ['hall/t', 1_500_000],
      ['hall/battery', 9_000_000],
    ])
  })

  it('tells the same of what it learned, where the profile says nothing', () => {
    const { device, sink, send } = watch()
    device.profiled(aProfile({ uplinkInterval: 0, statusRequestsPerDay: 0 }))
    for (const secondsAgo of [90, 60, 30, 0]) send({ object: { t: 1 } }, secondsAgo)
    expect(sink.expected.get('hall/t')).toBe(75_000)
  })

  it('that the tenant has not is offline, with what to do, until the tenant has it', () => {
    const { device, sink, health } = watch()
    device.absent(TENANT, 300_000)
    expect(sink.last('hall/t')).toBe('lost')
    expect(health()).toEqual({ state: 'offline', reason: expect.stringContaining(`has no device ${EUI}`) })
    device.present(undefined)
    expect(health()?.state).toBe('unknown')
  })

  it('whose stream breaks loses its tags, and has them back when it is accepted again', () => {
    const { device, sink, health } = watch()
    device.accepted()
    device.broken(new PenstockError('CONNECTION_LOST', 'The event stream was ended by the server'))
    expect(sink.last('hall/t')).toBe('lost')
    expect(health()).toEqual({ state: 'unknown', reason: expect.stringContaining('opened again by itself') })
    device.accepted()
    expect(sink.last('hall/t')).toBe('restored')
  })

  it('says that its codec failed until an uplink is decoded again', () => {
    const { device, context, send, health } = watch()
    device.accepted()
    send({ code: 'UPLINK_CODEC', level: 'ERROR', description: 'TypeError: bytes is undefined' }, 0, 'log')
    send({ fCnt: 4 })
    expect(health()).toEqual({ state: 'online', reason: expect.stringContaining('bytes is undefined') })
    expect(context.lines.some((line) => line.includes('cannot decode'))).toBe(true)
    send({ object: { t: 1 } })
    expect(health()).toEqual({ state: 'online', reason: '' })
  })

  it('that ChirpStack hears while its stream stays mute points at the event log setting', () => {
    const { device, clock, health } = watch()
    device.present(clock.now())
    device.accepted()
    for (const later of [60_000, 120_000]) device.present(clock.now() + later)
    expect(health()).toEqual({ state: 'unknown', reason: expect.stringContaining('per_device_event_log_max_history') })
  })
})
