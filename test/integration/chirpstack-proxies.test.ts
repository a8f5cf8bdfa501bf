import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { ChirpStackSourceConfig } from '../../src/core/plant.ts'
import { ChirpStackSource } from '../../src/sources/chirpstack/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { Front } from '../support/chirpstack-front.ts'
import { API_KEY_ENV, chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { ManualClock } from '../support/manual-clock.ts'

const WAIT = { timeout: 20_000, interval: 10 }
const until = <T>(condition: () => T) => vi.waitFor(condition, WAIT)
const manyEuis = (count: number) =>
  Array.from({ length: count }, (_, position) => (0xa81758fffe000000n + BigInt(position)).toString(16))

let server: ChirpStackServer | undefined
let front: Front | undefined
let source: ChirpStackSource | undefined

beforeEach(() => {
  server = undefined
  front = undefined
  source = undefined
})

afterEach(async () => {
  await source?.stop()
  await front?.close()
  await server?.chirpStack.close()
})

function collect(
  port: number,
  devEuis: readonly string[],
  { clock = systemClock, ...fields }: Partial<ChirpStackSourceConfig> & { clock?: Clock } = {},
): EventContext {
  const devices = devEuis.map((devEui) => loraDevice(`d-${devEui}`, devEui, [loraTag('t', 'object.t')]))
  const config = chirpStackConfig(devices, { url: `http://127.0.0.1:${port}`, ...fields })
  const indexed = loraDevicesOf(config)
  const context = new EventContext(
    clock,
    indexed.flatMap(({ tags }) => tags),
  )
  context.secrets.set(API_KEY_ENV, TENANT_KEY)
  source = new ChirpStackSource({ config, devices: indexed, context })
  source.start()
  return context
}

const tagOf = (devEui: string) => `d-${devEui}/t`
const wasLost = (context: EventContext) => context.sink.told.some(({ what }) => what === 'lost')

/** Moves the clock on by little steps until the condition holds. */
const advanceUntil = (clock: ManualClock, condition: () => void) =>
  vi.waitFor(async () => {
    await clock.advance(20)
    condition()
  }, WAIT)

describe('a proxy that cuts idle streams', () => {
  it('every minute harms no value: nothing is lost, nothing comes twice, what came meanwhile is there', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    front = await Front.start(server.port)
    const clock = new ManualClock(Date.now())
    // The clock leaps while calls are under way, which must not look like a server that does not answer.
    const context = collect(front.port, [HALL, OFFICE], { clock, callTimeoutMs: 120_000 })
    await advanceUntil(clock, () => expect(context.state).toBe('connected'))
    await advanceUntil(clock, () => expect(server?.chirpStack.openStreams()).toBe(2))
    for (let minute = 1; minute <= 5; minute++) {
      await clock.advance(60_000)
      const opened = server.subjects('InternalService.StreamDeviceEvents').length
      expect(front.cutIdleStreams()).toBe(2)
      server.chirpStack.uplink(HALL, { object: { t: minute } })
      await advanceUntil(clock, () =>
        expect(server?.subjects('InternalService.StreamDeviceEvents')).toHaveLength(opened + 2),
      )
      await advanceUntil(clock, () => expect(context.sink.last(tagOf(HALL))).toBe(minute))
    }
    expect(context.sink.values(tagOf(HALL))).toEqual([1, 2, 3, 4, 5])
    expect(wasLost(context)).toBe(false)
    expect(new Set(context.states.map(({ state }) => state))).toEqual(new Set(['starting', 'connected']))
    expect(context.counted('connects')).toBe(1)
  })

  it('asks for the key to be proved again at each cut', async () => {
    server = await ChirpStackServer.start([HALL])
    front = await Front.start(server.port)
    const clock = new ManualClock(Date.now())
    const context = collect(front.port, [HALL], { clock })
    await advanceUntil(clock, () => expect(server?.chirpStack.openStreams()).toBe(1))
    await advanceUntil(clock, () => expect(context.state).toBe('connected'))
    await clock.advance(60_000)
    server.chirpStack.access.revoke(TENANT_KEY)
    front.cutIdleStreams()
    await advanceUntil(clock, () => expect(context.state).toBe('refused'))
    expect(context.sink.last(tagOf(HALL))).toBe('lost')
  })
})

describe('a proxy that is told to end', () => {
  it('takes its streams to a new connection, and values go on', async () => {
    server = await ChirpStackServer.start([HALL])
    front = await Front.start(server.port)
    const context = collect(front.port, [HALL], { inventoryPeriodMs: 200 })
    await until(() => expect(server?.chirpStack.openStreams()).toBe(1))
    front.goAway()
    server.chirpStack.uplink(HALL, { object: { t: 1 } })
    await until(() => expect(context.sink.last(tagOf(HALL))).toBe(1))
    const asked = server.subjects('DeviceService.List').length
    await until(() => expect(server?.subjects('DeviceService.List').length).toBeGreaterThan(asked + 2))
    expect(context.state).toBe('connected')
  })
})

describe('a proxy that allows 100 streams a connection', () => {
  it('lets the streams of 250 devices and the calls through', async () => {
    const devEuis = manyEuis(250)
    server = await ChirpStackServer.start(devEuis)
    const context = collect(server.port, devEuis, { inventoryPeriodMs: 500 })
    await until(() => expect(server?.chirpStack.openStreams()).toBe(250))
    const asked = server.subjects('DeviceService.List').length
    await until(() => expect(server?.subjects('DeviceService.List').length).toBeGreaterThan(asked + 1))
    for (const devEui of devEuis) server.chirpStack.uplink(devEui, { object: { t: 1 } })
    await until(() => expect(devEuis.every((devEui) => context.sink.last(tagOf(devEui)) === 1)).toBe(true))
    expect(context.state).toBe('connected')
    expect(context.counted('timeouts')).toBe(0)
  })
})

describe('a refusal of one stream', () => {
  it('proves the key again, and leaves every other stream and value alone', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = collect(server.port, [HALL, OFFICE])
    server.chirpStack.uplink(OFFICE, { object: { t: 5 } })
    await until(() => expect(context.sink.last(tagOf(OFFICE))).toBe(5))
    await until(() => expect(server?.chirpStack.openStreams()).toBe(2))
    const proofs = server.subjects('ApplicationService.List').length
    server.chirpStack.breakStreams(HALL, status.UNAUTHENTICATED, '')
    await until(() => expect(context.state).toBe('degraded'))
    expect(context.reason).toMatch(/1 of 2 devices have no event stream.*ACCESS_DENIED/)
    await until(() => expect(server?.subjects('ApplicationService.List').length).toBeGreaterThan(proofs))
    server.chirpStack.uplink(OFFICE, { object: { t: 6 } })
    await until(() => expect(context.sink.last(tagOf(OFFICE))).toBe(6))
    expect(context.sink.told.filter(({ tag, what }) => tag === tagOf(OFFICE) && what === 'lost')).toEqual([])
    expect(context.states.map(({ state }) => state)).not.toContain('refused')
  })
})

describe('something that refuses every call', () => {
  it('is told from ChirpStack, which answers one of them without a key', async () => {
    server = await ChirpStackServer.start([HALL])
    server.chirpStack.setUnavailable({ code: status.UNAUTHENTICATED, details: '' })
    const context = collect(server.port, [HALL])
    await until(() => expect(context.state).toBe('refused'))
    expect(context.reason).toMatch(/answers without a key, was forbidden by something before ChirpStack.*ACCESS_DENIED/)
    expect(server.subjects('InternalService.Settings')).toHaveLength(1)
  })
})

describe("ChirpStack's Redis", () => {
  it('is blamed when streams end with an error while calls are answered, until it is back', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = collect(server.port, [HALL, OFFICE])
    await until(() => expect(server?.chirpStack.openStreams()).toBe(2))
    await until(() => expect(context.state).toBe('connected'))
    server.chirpStack.breakStreams(undefined, status.INTERNAL, '')
    await until(() => expect(context.state).toBe('degraded'))
    expect(context.reason).toMatch(/its Redis, which keeps the events, is probably down.*PROTOCOL_VIOLATION/)
    await until(() => expect(context.state).toBe('connected'))
  })
})

describe('an admin key', () => {
  const ADMIN_KEY = 'key-of-the-admin'

  it('serves like the key of the tenant', async () => {
    server = await ChirpStackServer.start([HALL])
    server.chirpStack.access.add(ADMIN_KEY, { admin: true })
    const context = collect(server.port, [HALL], { apiKeyEnv: 'ADMIN' })
    context.secrets.set('ADMIN', ADMIN_KEY)
    await source?.stop()
    source?.start()
    server.chirpStack.uplink(HALL, { object: { t: 3 } })
    await until(() => expect(context.sink.last(tagOf(HALL))).toBe(3))
  })

  it('with the id of no tenant is told, since ChirpStack answers it with an empty list', async () => {
    server = await ChirpStackServer.start([HALL])
    server.chirpStack.access.add(ADMIN_KEY, { admin: true })
    const tenantId = '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e'
    const context = collect(server.port, [HALL], { tenantId, apiKeyEnv: 'ADMIN' })
    context.secrets.set('ADMIN', ADMIN_KEY)
    await source?.stop()
    source?.start()
    await until(() => expect(context.state).toBe('degraded'))
    expect(context.reason).toMatch(/tenant has no application.*admin key and the tenant id is wrong/)
  })
})
