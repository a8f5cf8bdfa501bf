import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig } from '../../src/core/plant.ts'
import { chirpStackSource } from '../../src/sources/chirpstack/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { API_KEY_ENV, chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'

const WAIT = { timeout: 15_000, interval: 10 }

let server: ChirpStackServer | undefined
let source: Source | undefined

afterEach(async () => {
  await source?.stop()
  await server?.chirpStack.close()
  source = undefined
  server = undefined
})

const hall = (fields: Partial<ChirpStackDeviceConfig> = {}) =>
  loraDevice('hall', HALL, [loraTag('t', 'object.t'), loraTag('rssi', 'link.rssi', { type: 'Int16' })], fields)
const office = () => loraDevice('office', OFFICE, [loraTag('co2', 'object.air.co2', { type: 'UInt16' })])

/** Starts a source for `devices` of the running server. */
async function collect(
  devices: readonly ChirpStackDeviceConfig[],
  fields: Partial<ChirpStackSourceConfig> = {},
  key = TENANT_KEY,
): Promise<EventContext> {
  const config = chirpStackConfig(devices, { url: `http://127.0.0.1:${server?.port}`, ...fields })
  expect(chirpStackSource.validate(config)).toEqual([])
  const indexed = loraDevicesOf(config)
  const context = new EventContext(
    systemClock,
    indexed.flatMap(({ tags }) => tags),
  )
  context.secrets.set(API_KEY_ENV, key)
  source = await chirpStackSource.create(config, indexed, context)
  source.start()
  return context
}

const until = <T>(condition: () => T) => vi.waitFor(condition, WAIT)
const streaming = (devEui: string) => until(() => expect(server?.chirpStack.openStreams(devEui)).toBe(1))

describe('a value from ChirpStack', () => {
  it('arrives with the time at which the gateway received the frame', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = await collect([hall(), office()])
    await streaming(HALL)
    await streaming(OFFICE)
    const time = Date.now() - 2_345
    server.chirpStack.uplink(HALL, { object: { t: 21.3 }, rssi: -97, time })
    server.chirpStack.uplink(OFFICE, { object: { air: { co2: 612 } }, time: time + 1 })
    await until(() => expect(context.sink.last('office/co2')).toBe(612))
    expect(context.sink.told.filter(({ what }) => what === 'event')).toEqual([
      { tag: 'hall/t', what: 'event', value: 21.3, time },
      { tag: 'hall/rssi', what: 'event', value: -97, time },
      { tag: 'office/co2', what: 'event', value: 612, time: time + 1 },
    ])
    expect(context.state).toBe('connected')
    expect(context.devices.get('hall')).toEqual({ state: 'online', reason: '' })
    expect(context.counted('connects')).toBe(1)
  })

  it('is there at once after a start, from what ChirpStack has kept', async () => {
    server = await ChirpStackServer.start([HALL])
    for (const t of [20, 21, 22]) server.chirpStack.uplink(HALL, { object: { t }, time: Date.now() - 1_000 + t })
    const context = await collect([hall()])
    await until(() => expect(context.sink.values('hall/t')).toEqual([20, 21, 22]))
    expect(context.sink.told.slice(0, 2).map(({ what }) => what)).toEqual(['restored', 'restored'])
  })

  it('that comes late does not move the last one back', async () => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall()])
    await streaming(HALL)
    server.chirpStack.uplink(HALL, { object: { t: 22 }, time: Date.now() - 1_000 })
    server.chirpStack.uplink(HALL, { object: { t: 21 }, time: Date.now() - 60_000 })
    await until(() => expect(context.counted('late')).toBe(1))
    expect(context.sink.values('hall/t')).toEqual([22])
  })

  it('without a time of its own has that of the log entry', async () => {
    server = await ChirpStackServer.start([HALL])
    const before = Date.now()
    const context = await collect([hall()])
    server.chirpStack.uplink(HALL, { object: { t: 22 }, time: null })
    await until(() => expect(context.sink.last('hall/t')).toBe(22))
    const time = context.sink.told.find(({ tag, what }) => tag === 'hall/t' && what === 'event')?.time
    expect(time).toBeGreaterThanOrEqual(before)
    expect(time).toBeLessThanOrEqual(Date.now())
  })

  it('is not disturbed by nonsense among the events', async () => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall()])
    await streaming(HALL)
    const { chirpStack } = server
    chirpStack.rawEvent(HALL, 'up', '{"time":"2026-01-01T00:00:00Z","object":{"t":')
    chirpStack.rawEvent(HALL, 'up', 'null')
    chirpStack.rawEvent(HALL, 'up', '{"object":{"t":1}}', null)
    chirpStack.rawEvent(HALL, 'up', '{"__proto__":{"object":{"t":99}},"object":{"__proto__":{"t":98}}}')
    chirpStack.rawEvent(HALL, 'moonphase', '{"object":{"t":97}}')
    chirpStack.uplink(HALL, { object: { t: [1] } })
    chirpStack.uplink(HALL, { object: { t: null } })
    chirpStack.uplink(HALL, {})
    chirpStack.uplink(HALL, { object: { t: 5 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(5))
    const told = context.sink.told.filter(({ tag }) => tag === 'hall/t').map((each) => each.value ?? each.status)
    // The one without a time has that of its entry in the log.
    expect(told).toEqual([undefined, 1, 'BadDecodingError', 'BadSensorFailure', 5])
    expect(context.counted('malformed')).toBe(2)
  })

  it('and no other is asked for in lower case, whatever case the configuration has', async () => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall({ devEui: HALL.toUpperCase() })])
    await streaming(HALL)
    server.chirpStack.uplink(HALL, { object: { t: 4 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(4))
    expect(server.subjects('InternalService.StreamDeviceEvents')).toEqual([HALL])
  })

  it('gets old after two and a half intervals of the device profile', async () => {
    server = await ChirpStackServer.start([HALL], 20)
    const context = await collect([hall()])
    await until(() => expect(context.sink.expected.get('hall/t')).toBe(50_000))
  })
})

describe('an event stream', () => {
  it.each([
    ['in order', status.OK],
    ['because Redis failed', status.INTERNAL],
    ['because the server goes', status.UNAVAILABLE],
  ])('that ends %s is opened again, and its replay brings nothing twice', async (_, code) => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall()])
    await streaming(HALL)
    server.chirpStack.uplink(HALL, { object: { t: 1 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(1))
    server.chirpStack.breakStreams(HALL, code)
    server.chirpStack.uplink(HALL, { object: { t: 2 } })
    await until(() => expect(context.sink.values('hall/t')).toEqual([1, 2]))
    expect(context.counted('duplicates')).toBe(1)
    const told = context.sink.told.filter(({ tag }) => tag === 'hall/t').map(({ what }) => what)
    expect(told).toEqual(['restored', 'event', 'lost', 'restored', 'event'])
    await until(() => expect(context.state).toBe('connected'))
  })

  it('of one device that breaks leaves the others alone', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = await collect([hall(), office()])
    await streaming(HALL)
    await streaming(OFFICE)
    server.chirpStack.breakStreams(HALL, status.INTERNAL, 'Redis is away')
    await until(() => expect(context.states.at(-1)?.state).toBe('degraded'))
    expect(context.reason).toContain('1 of 2 devices have no event stream: "hall"')
    expect(context.reason).toContain('Redis is away')
    await until(() => expect(context.state).toBe('connected'))
    expect(context.sink.told.some(({ tag, what }) => tag === 'office/co2' && what === 'lost')).toBe(false)
  })

  it('that the server refuses says nothing against the key: the other devices go on', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = await collect([hall(), office()], { inventoryPeriodMs: 600_000 })
    await streaming(HALL)
    await streaming(OFFICE)
    server.chirpStack.directory.devices.delete(HALL)
    server.chirpStack.breakStreams(HALL)
    await until(() => expect(context.devices.get('hall')?.reason).toContain('was refused'))
    await until(() => expect(context.devices.get('hall')?.reason).toContain('has no device'))
    await until(() => expect(context.state).toBe('degraded'))
    server.chirpStack.uplink(OFFICE, { object: { air: { co2: 500 } } })
    await until(() => expect(context.sink.last('office/co2')).toBe(500))
    expect(context.states.some(({ state }) => state === 'refused')).toBe(false)
    expect(context.sink.last('hall/t')).toBe('lost')
  })

  it('is opened for each of hundreds of devices, also where a proxy allows a hundred a connection', async () => {
    const devEuis = Array.from({ length: 200 }, (_, n) => `a81758fffe1${n.toString(16).padStart(5, '0')}`)
    server = await ChirpStackServer.start(devEuis)
    const devices = devEuis.map((devEui, n) => loraDevice(`d${n}`, devEui, [loraTag('t', 'object.t')]))
    const context = await collect(devices)
    await until(() => expect(server?.chirpStack.openStreams()).toBe(200))
    devEuis.forEach((devEui, n) => {
      server?.chirpStack.uplink(devEui, { object: { t: n } })
    })
    await until(() => expect(context.counted('events')).toBe(200))
    expect(devices.map((_, n) => context.sink.last(`d${n}/t`))).toEqual(devEuis.map((_, n) => n))
    expect(context.state).toBe('connected')
  })
})

describe('the inventory', () => {
  it('reports a device that the tenant has not, and finds it when it is added', async () => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall(), office()], { inventoryPeriodMs: 100 })
    await until(() => expect(context.state).toBe('degraded'))
    expect(context.devices.get('office')).toEqual({
      state: 'offline',
      reason: expect.stringContaining(`has no device ${OFFICE}`),
    })
    expect(context.sink.last('office/co2')).toBe('lost')
    expect(server.subjects('InternalService.StreamDeviceEvents')).not.toContain(OFFICE)
    server.addDevice(OFFICE)
    await streaming(OFFICE)
    server.chirpStack.uplink(OFFICE, { object: { air: { co2: 700 } } })
    await until(() => expect(context.sink.last('office/co2')).toBe(700))
    await until(() => expect(context.state).toBe('connected'))
  })

  it('notices that a device was deleted, whose stream goes on as if nothing were', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = await collect([hall(), office()], { inventoryPeriodMs: 100 })
    await streaming(HALL)
    server.chirpStack.directory.devices.delete(HALL)
    await until(() => expect(context.devices.get('hall')?.state).toBe('offline'))
    await until(() => expect(server?.chirpStack.openStreams(HALL)).toBe(0))
    expect(context.sink.last('hall/t')).toBe('lost')
    expect(context.devices.get('office')?.state).not.toBe('offline')
  })

  it('does not end the stream of a device that it misses once, as while it moves to another application', async () => {
    server = await ChirpStackServer.start([HALL])
    const { directory } = server.chirpStack
    const device = directory.devices.get(HALL)!
    let lists = 0
    server.onAsked = (method) => {
      if (method !== 'DeviceService.List') return
      lists++
      if (lists === 2) directory.devices.delete(HALL)
      else directory.devices.set(HALL, device)
    }
    const context = await collect([hall()], { inventoryPeriodMs: 100 })
    await until(() => expect(lists).toBeGreaterThan(3))
    expect(server.subjects('InternalService.StreamDeviceEvents')).toEqual([HALL])
    expect(context.sink.told.some(({ what }) => what === 'lost')).toBe(false)
  })

  it('reads lists of more than a page to their end', async () => {
    const others = Array.from({ length: 1_100 }, (_, n) => `00000000${n.toString(16).padStart(8, '0')}`)
    server = await ChirpStackServer.start([...others, HALL])
    const context = await collect([hall()])
    await streaming(HALL)
    expect(context.state).not.toBe('degraded')
    expect(server.subjects('DeviceService.List')).toHaveLength(2)
  })
})

describe('a source that is stopped', () => {
  it('ends its streams, and begins again without taking anything twice', async () => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall()])
    server.chirpStack.uplink(HALL, { object: { t: 1 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(1))
    await source?.stop()
    await source?.stop()
    expect(context.state).toBe('stopped')
    await until(() => expect(server?.chirpStack.openStreams()).toBe(0))
    source?.start()
    source?.start()
    server.chirpStack.uplink(HALL, { object: { t: 2 } })
    await until(() => expect(context.sink.values('hall/t')).toEqual([1, 2]))
    expect(server.subjects('InternalService.StreamDeviceEvents')).toHaveLength(2)
  })

  it('may be stopped before it was ever connected', async () => {
    server = await ChirpStackServer.start([HALL])
    server.chirpStack.setUnavailable('silent')
    const context = await collect([hall()])
    await until(() => expect(server?.subjects('ApplicationService.List')).toHaveLength(1))
    await source?.stop()
    expect(context.states).toEqual([
      { state: 'starting', reason: '' },
      { state: 'stopped', reason: '' },
    ])
  })

  it('by its configuration asks nothing of anybody', async () => {
    server = await ChirpStackServer.start([HALL])
    const context = await collect([hall(), office()], { disabled: true })
    expect(context.states).toEqual([{ state: 'stopped', reason: 'Disabled in the configuration.' }])
    expect(context.devices.get('hall')?.state).toBe('disabled')
    expect(server.asked).toEqual([])
  })
})
