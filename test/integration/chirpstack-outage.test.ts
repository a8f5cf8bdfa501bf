import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { ChirpStackSourceConfig } from '../../src/core/plant.ts'
import type { Keepalive } from '../../src/sources/chirpstack/endpoint.ts'
import { ChirpStackSource } from '../../src/sources/chirpstack/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { API_KEY_ENV, chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../support/chirpstack-plant.ts'
import { ChirpStackProcess } from '../support/chirpstack-process.ts'
import { Relay } from '../support/chirpstack-relay.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { siteOf } from '../support/chirpstack-site.ts'
import { ManualClock } from '../support/manual-clock.ts'

const WAIT = { timeout: 20_000, interval: 10 }
const OTHER_TENANT = '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e'

let server: ChirpStackServer | undefined
let relay: Relay | undefined
let source: ChirpStackSource | undefined
let child: ChirpStackProcess | undefined

afterEach(async () => {
  await source?.stop()
  await relay?.close()
  await server?.chirpStack.close()
  await child?.close()
  source = undefined
  relay = undefined
  server = undefined
  child = undefined
})

interface Way {
  readonly port?: number | undefined
  readonly key?: string | undefined
  readonly clock?: Clock
  readonly keepalive?: Keepalive
  readonly fields?: Partial<ChirpStackSourceConfig>
}

function collect({ port = server?.port, key, clock = systemClock, keepalive, fields = {} }: Way): EventContext {
  const tags = [loraTag('t', 'object.t')]
  const devices = [loraDevice('hall', HALL, tags), loraDevice('office', OFFICE, tags)]
  const config = chirpStackConfig(devices, { url: `http://127.0.0.1:${port}`, ...fields })
  const indexed = loraDevicesOf(config)
  const context = new EventContext(
    clock,
    indexed.flatMap((each) => each.tags),
  )
  if (key !== undefined) context.secrets.set(API_KEY_ENV, key)
  source = new ChirpStackSource({ config, devices: indexed, context, ...(keepalive ? { keepalive } : {}) })
  source.start()
  return context
}

const until = <T>(condition: () => T) => vi.waitFor(condition, WAIT)
const streaming = () => until(() => expect(server?.chirpStack.openStreams()).toBe(2))

/** Moves the clock on by little steps until the condition holds. */
const advanceUntil = (clock: ManualClock, condition: () => void) =>
  vi.waitFor(async () => {
    await clock.advance(5)
    condition()
  }, WAIT)

describe('a key that ChirpStack refuses', () => {
  it.each([
    ['is of no server', 'no-key-at-all', /InvalidToken/],
    ['was signed by another server', 'header.payload.signature', /InvalidSignature/],
    ['belongs to another tenant', 'key-of-another', /not valid for the tenant/],
  ])('because it %s is told from a server that is away', async (_, key, reason) => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    server.chirpStack.access.add('key-of-another', { admin: false, tenantId: OTHER_TENANT })
    const context = collect({ key })
    await until(() => expect(context.state).toBe('refused'))
    expect(context.reason).toMatch(reason)
    expect(context.reason).toContain(API_KEY_ENV)
    expect(context.sink.last('hall/t')).toBe('lost')
    expect(server.subjects('InternalService.StreamDeviceEvents')).toEqual([])
    expect(JSON.stringify([context.states, [...context.devices], context.lines])).not.toContain(key)
  })

  it('works by itself once the key is mended', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const clock = new ManualClock(Date.now())
    const context = collect({ key: 'no-key-at-all', clock })
    await advanceUntil(clock, () => expect(context.state).toBe('refused'))
    const asked = server.asked.length
    await clock.advance(30_000)
    expect(server.asked).toHaveLength(asked)
    context.secrets.set(API_KEY_ENV, TENANT_KEY)
    await clock.advance(30_000)
    await advanceUntil(clock, () => expect(server?.chirpStack.openStreams()).toBe(2))
    expect(context.state).toBe('connected')
  })

  it('because it is not set names the environment variable', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = collect({})
    await until(() => expect(context.state).toBe('refused'))
    expect(context.reason).toMatch(/CHIRPSTACK_KEY.*SECRET_MISSING.*CHIRPSTACK_KEY_FILE/)
    expect(server.asked).toEqual([])
  })

  it('in the middle of it all ends the streams, which ChirpStack itself leaves open', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = collect({ key: TENANT_KEY, fields: { inventoryPeriodMs: 100 } })
    await streaming()
    server.chirpStack.access.revoke(TENANT_KEY)
    await until(() => expect(context.state).toBe('refused'))
    await until(() => expect(server?.chirpStack.openStreams()).toBe(0))
    expect(context.sink.last('hall/t')).toBe('lost')
  })

  it('is not the reason when the tenant id is no UUID', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = collect({ key: TENANT_KEY, fields: { tenantId: 'works' } })
    await until(() => expect(context.state).toBe('refused'))
    expect(context.reason).toContain('Check the tenant id works')
  })
})

describe('a server that is away', () => {
  it('is tried again, and its devices are lost until it is there', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    relay = await Relay.start(server.port)
    await relay.cut()
    const context = collect({ port: relay.port, key: TENANT_KEY })
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toMatch(/ECONNREFUSED.*can be reached at http:/)
    expect(context.sink.last('hall/t')).toBe('lost')
    expect(context.devices.get('hall')).toEqual({ state: 'unknown', reason: 'No connection to ChirpStack.' })
    await relay.listen()
    server.chirpStack.uplink(HALL, { object: { t: 1 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(1))
    await until(() => expect(context.state).toBe('connected'))
    expect(context.counted('connectFailures')).toBeGreaterThan(0)
  })

  it('because its database is, says so', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    server.chirpStack.setUnavailable({ code: status.INTERNAL, details: '' })
    const context = collect({ key: TENANT_KEY })
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toContain('as it does while its database is down')
    server.chirpStack.setUnavailable(undefined)
    await until(() => expect(context.state).toBe('connected'))
  })

  it('and answers nothing is given up after the call timeout', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    server.chirpStack.setUnavailable('silent')
    const context = collect({ key: TENANT_KEY, fields: { callTimeoutMs: 100 } })
    await until(() => expect(context.state).toBe('backoff'))
    expect(context.reason).toContain('within 100 ms')
    expect(context.counted('timeouts')).toBeGreaterThan(0)
  })

  it('for calls alone does not end the streams that still bring values', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const context = collect({ key: TENANT_KEY, fields: { inventoryPeriodMs: 100 } })
    await streaming()
    server.chirpStack.setUnavailable({ code: status.UNAVAILABLE, details: 'maintenance' })
    await until(() => expect(context.state).toBe('degraded'))
    expect(context.reason).toContain('maintenance')
    server.chirpStack.uplink(HALL, { object: { t: 7 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(7))
    server.chirpStack.setUnavailable(undefined)
    await until(() => expect(context.state).toBe('connected'))
    expect(context.sink.told.some(({ what }) => what === 'lost')).toBe(false)
  })

  it('comes back after its connections were reset: lost, restored, and what was missed', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    relay = await Relay.start(server.port)
    const context = collect({ port: relay.port, key: TENANT_KEY })
    server.chirpStack.uplink(HALL, { object: { t: 1 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(1))
    await streaming()
    await relay.cut()
    await until(() => expect(context.state).toBe('backoff'))
    server.chirpStack.uplink(HALL, { object: { t: 2 } })
    await relay.listen()
    await until(() => expect(context.sink.last('hall/t')).toBe(2))
    const told = context.sink.told.filter(({ tag }) => tag === 'hall/t').map(({ what }) => what)
    expect(told.filter((what, position) => what !== told[position - 1])).toEqual([
      'restored',
      'event',
      'lost',
      'restored',
      'event',
    ])
    expect(context.sink.values('hall/t')).toEqual([1, 2])
    expect(context.counted('connects')).toBe(2)
  })

  it('because the network swallows everything is noticed by keepalive', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    relay = await Relay.start(server.port)
    const keepalive = { everyMs: 100, timeoutMs: 100 }
    const context = collect({ port: relay.port, key: TENANT_KEY, keepalive, fields: { callTimeoutMs: 500 } })
    await streaming()
    relay.freeze()
    await until(() => expect(context.sink.last('hall/t')).toBe('lost'))
    await until(() => expect(context.state).toBe('backoff'))
    relay.thaw()
    server.chirpStack.uplink(HALL, { object: { t: 3 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(3))
  })

  it('because its process was killed is lost, restored, and brings values again', async () => {
    child = await ChirpStackProcess.start(siteOf([HALL, OFFICE]))
    await child.call('uplink', HALL, { object: { t: 1 } })
    const context = collect({ port: child.port, key: TENANT_KEY })
    await until(() => expect(context.sink.last('hall/t')).toBe(1))
    await child.kill()
    await until(() => expect(context.sink.last('hall/t')).toBe('lost'))
    await until(() => expect(context.state).toBe('backoff'))
    await child.restart()
    await child.call('uplink', HALL, { object: { t: 2 } })
    await until(() => expect(context.sink.last('hall/t')).toBe(2))
    expect(context.sink.values('hall/t')).toEqual([1, 2])
  })
})

describe('a source that was stopped', () => {
  it('leaves no timer behind', async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const clock = new ManualClock(Date.now())
    const context = collect({ key: TENANT_KEY, clock })
    await advanceUntil(clock, () => expect(server?.chirpStack.openStreams()).toBe(2))
    await advanceUntil(clock, () => expect(context.state).toBe('connected'))
    server.chirpStack.breakStreams(HALL)
    await advanceUntil(clock, () => expect(context.sink.last('hall/t')).toBe('lost'))
    await source?.stop()
    expect(clock.pendingTimers).toBe(0)
  })
})
