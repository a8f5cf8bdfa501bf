import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { TagConfig } from '../../../../src/core/plant.ts'
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
    device.take({ id: `${clock.now()}-${sequence++}`, time, description, body: text })
  }
  device.started()
  return { clock, context, sink: context.sink, device, send, health: () => context.devices.get('hall') }
}

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

  it('of a kind that nobody knows is passed over', () => {
    const { context, send } = watch()
    send({ object: { t: 3 } }, 0, 'integration')
    send('?', 0, 'newKind')
    expect(context.counted('malformed') + context.counted('events')).toBe(0)
    expect(context.sink.told).toEqual([])
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

describe('a device', () => {
  it('is known by its DevEUI in lower case', () => {
    expect(watch([], EUI.toUpperCase()).device.devEui).toBe(EUI)
  })

  it('is online while it reports, and offline when it misses its interval', () => {
    const { device, send, health, clock } = watch()
    device.profiled({ uplinkInterval: 60, statusRequestsPerDay: 0 })
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
    device.profiled({ uplinkInterval: 60, statusRequestsPerDay: 0 })
    device.present(clock.now() - 86_400_000)
    expect(health()?.state).toBe('offline')
  })

  it('tells how old its values may get: two and a half intervals of its profile', () => {
    const { device, sink } = watch([loraTag('t', 'object.t'), loraTag('battery', 'status:batteryLevel')])
    device.profiled({ uplinkInterval: 600, statusRequestsPerDay: 24 })
    expect([...sink.expected]).toEqual([
      ['hall/t', 1_500_000],
      ['hall/battery', 9_000_000],
    ])
  })

  it('tells the same of what it learned, where the profile says nothing', () => {
    const { device, sink, send } = watch()
    device.profiled({ uplinkInterval: 0, statusRequestsPerDay: 0 })
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
