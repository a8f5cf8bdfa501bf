import { constants } from 'node:http2'
import devicePb from '@chirpstack/chirpstack-api/api/device_pb.js'
import { type ServiceError, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import type { Trouble } from '../../src/demo/chirpstack/faults.ts'
import { bodyOf, ChirpStackClients, type SeenStream } from '../support/chirpstack-clients.ts'
import { ChirpStackProcess } from '../support/chirpstack-process.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { siteOf } from '../support/chirpstack-site.ts'
import { freePort } from '../support/free-port.ts'
import { TcpProxy, type TcpWeather } from '../support/tcp-proxy.ts'

const WAIT = { timeout: 20_000, interval: 10 }
const until = <T>(value: () => T) => expect.poll(value, WAIT)

let server: ChirpStackServer | undefined
let chirpStack: ChirpStackProcess | undefined
let proxy: TcpProxy | undefined
const clients: ChirpStackClients[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await proxy?.close()
  await server?.chirpStack.close()
  await chirpStack?.close()
  proxy = undefined
  server = undefined
  chirpStack = undefined
})

function connect(port: number, options: object = {}): ChirpStackClients {
  const api = new ChirpStackClients(port, TENANT_KEY, options)
  clients.push(api)
  return api
}

/** Asks for a device; answers 'OK' or how the call ended. */
function ask(api: ChirpStackClients, deadlineMs = 5_000): Promise<ServiceError | 'OK'> {
  const request = new devicePb.GetDeviceRequest()
  request.setDevEui(HALL)
  return api.ask(api.devices, api.devices.get, request, { deadline: Date.now() + deadlineMs }).then(
    () => 'OK' as const,
    (error: ServiceError) => error,
  )
}

const valuesOf = ({ items }: SeenStream) => items.map((item) => bodyOf<{ object: { n: number } }>(item).object.n)

describe('a call', () => {
  it.each<[string, Trouble, object]>([
    ['ends as ChirpStack says', { kind: 'status', code: status.INTERNAL }, { code: status.INTERNAL, details: '' }],
    ['ends with 4 where nothing answers', { kind: 'silent' }, { code: status.DEADLINE_EXCEEDED }],
    ['ends with 4 where the answer is late', { kind: 'late', byMs: 2_000 }, { code: status.DEADLINE_EXCEEDED }],
    ['ends with 16 where a proxy answers 401', { kind: 'http', status: 401 }, { code: status.UNAUTHENTICATED }],
    ['ends with 7 where a proxy answers 403', { kind: 'http', status: 403 }, { code: status.PERMISSION_DENIED }],
    ['ends with 12 where a proxy answers 404', { kind: 'http', status: 404 }, { code: status.UNIMPLEMENTED }],
    ['ends with 14 where a proxy answers 429', { kind: 'http', status: 429 }, { code: status.UNAVAILABLE }],
    ['ends with 14 where a proxy answers 502', { kind: 'http', status: 502 }, { code: status.UNAVAILABLE }],
    [
      'ends with 14 by REFUSED_STREAM',
      { kind: 'reset', errorCode: constants.NGHTTP2_REFUSED_STREAM },
      { code: status.UNAVAILABLE },
    ],
  ])('%s, and only that one', async (_, trouble, ending) => {
    server = await ChirpStackServer.start([HALL])
    const api = connect(server.port, { 'grpc.enable_retries': 0 })
    server.chirpStack.faults.trouble('DeviceService.Get', trouble, 1)
    expect(await ask(api, 300)).toMatchObject(ending)
    expect(await ask(api)).toBe('OK')
  })

  it('ends with 13 and no text while the database is away, and all calls have trouble until it is healed', async () => {
    server = await ChirpStackServer.start([HALL])
    const api = connect(server.port)
    server.chirpStack.faults.databaseDown = true
    expect(await ask(api)).toMatchObject({ code: status.INTERNAL, details: '' })
    server.chirpStack.faults.databaseDown = false
    server.chirpStack.faults.trouble('every call', { kind: 'status', code: status.UNAVAILABLE })
    for (const _ of [1, 2]) expect(await ask(api)).toMatchObject({ code: status.UNAVAILABLE })
    server.chirpStack.faults.heal()
    expect(await ask(api)).toBe('OK')
  })

  it('ends with 14 where nobody listens', async () => {
    expect(await ask(connect(await freePort()))).toMatchObject({ code: status.UNAVAILABLE })
  })

  it('ends with 14 where the name has no address', async () => {
    const api = new ChirpStackClients(8080, TENANT_KEY, {}, 'chirpstack.invalid')
    clients.push(api)
    expect(await ask(api, 15_000)).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('Name resolution failed'),
    })
  })
})

describe('a stream', () => {
  it.each<[string, Trouble, number]>([
    ['with 12 where a proxy answers 404', { kind: 'http', status: 404 }, status.UNIMPLEMENTED],
    ['with 13 as it is told', { kind: 'status', code: status.INTERNAL, details: 'x' }, status.INTERNAL],
    ['by CANCEL with 1', { kind: 'reset', errorCode: constants.NGHTTP2_CANCEL }, status.CANCELLED],
  ])('is refused %s', async (_, trouble, code) => {
    server = await ChirpStackServer.start([HALL])
    server.chirpStack.faults.trouble('InternalService.StreamDeviceEvents', trouble, 1)
    const seen = connect(server.port).stream(HALL)
    await until(() => seen.end).toMatchObject({ code })
    expect(seen.accepted).toBe(false)
  })

  it('is accepted late where the server is slow', async () => {
    server = await ChirpStackServer.start([HALL])
    server.chirpStack.faults.trouble('InternalService.StreamDeviceEvents', { kind: 'late', byMs: 50 }, 1)
    const seen = connect(server.port).stream(HALL)
    await until(() => seen.accepted).toBe(true)
  })
})

describe('a stream through a proxy', () => {
  const open = async (weather: TcpWeather, options: object = {}) => {
    server = await ChirpStackServer.start([HALL])
    proxy = await TcpProxy.start(server.port)
    const seen = connect(proxy.port, options).stream(HALL)
    await until(() => seen.accepted).toBe(true)
    proxy.weather = weather
    return seen
  }
  const send = (n: number) => server?.chirpStack.uplink(HALL, { object: { n } })

  it('that is cut ends with 14, by a reset and in order', async () => {
    const seen = await open({})
    proxy?.cut('RST')
    await until(() => seen.end).toMatchObject({ code: status.UNAVAILABLE })
    const again = connect(proxy?.port ?? 0).stream(HALL)
    await until(() => again.accepted).toBe(true)
    proxy?.cut('FIN')
    await until(() => again.end).toMatchObject({ code: status.UNAVAILABLE })
  })

  it('that swallows everything ends with 14 by keepalive alone', async () => {
    const keepalive = { 'grpc.keepalive_time_ms': 200, 'grpc.keepalive_timeout_ms': 200 }
    const seen = await open({ blackHole: true }, keepalive)
    send(1)
    await until(() => seen.end).toMatchObject({ code: status.UNAVAILABLE })
    expect(seen.items).toEqual([])
  })

  it('that cuts idle connections ends where its device is silent', async () => {
    const seen = await open({ idleCutMs: 200 })
    send(1)
    await until(() => valuesOf(seen)).toEqual([1])
    await until(() => seen.end).toMatchObject({ code: status.UNAVAILABLE })
  })

  it('that buffers brings its events together and in order', async () => {
    const seen = await open({ burstMs: 300 })
    for (const n of [1, 2, 3]) send(n)
    await until(() => valuesOf(seen)).toEqual([1, 2, 3])
  })
})

describe('a ChirpStack process', () => {
  it('that is killed ends calls and streams with 14, and has its events and counters when it is back', async () => {
    chirpStack = await ChirpStackProcess.start(siteOf([HALL, OFFICE]))
    const { port } = chirpStack
    const api = connect(port)
    const seen = api.stream(HALL)
    for (const n of [1, 2]) await chirpStack.call('uplink', HALL, { object: { n } })
    await until(() => valuesOf(seen)).toEqual([1, 2])
    await chirpStack.kill()
    await until(() => seen.end).toMatchObject({ code: status.UNAVAILABLE })
    expect(await ask(api)).toMatchObject({ code: status.UNAVAILABLE })
    await expect(chirpStack.call('openStreams')).rejects.toThrow('killed')
    await chirpStack.restart()
    expect(chirpStack.port).toBe(port)
    await chirpStack.call('uplink', HALL, { object: { n: 3 } })
    const again = connect(port).stream(HALL)
    await until(() => valuesOf(again)).toEqual([1, 2, 3])
    expect(again.items.map((item) => bodyOf(item).fCnt)).toEqual([0, 1, 2])
    expect(again.items.slice(0, 2).map((item) => item.getId())).toEqual(seen.items.map((item) => item.getId()))
  })

  it('whose Redis was wiped has its devices, counters and queues, and no events', async () => {
    chirpStack = await ChirpStackProcess.start(siteOf([HALL]))
    await chirpStack.call('uplink', HALL, { object: { n: 1 } })
    const api = connect(chirpStack.port)
    const item = new devicePb.DeviceQueueItem()
    item.setDevEui(HALL)
    item.setFPort(7)
    item.setData(Buffer.from('abc'))
    const request = new devicePb.EnqueueDeviceQueueItemRequest()
    request.setQueueItem(item)
    await api.ask(api.devices, api.devices.enqueue, request)
    await chirpStack.call('openStreams')
    await chirpStack.restart('wiped')
    await chirpStack.call('uplink', HALL, { object: { n: 2 } })
    const seen = connect(chirpStack.port).stream(HALL)
    await until(() => seen.items.map((each) => [each.getDescription(), bodyOf(each).fCnt])).toEqual([
      ['up', 1],
      ['txack', undefined],
    ])
    expect(await chirpStack.call('transmissions')).toMatchObject([{ fPort: 7, fCntDown: 0 }])
  })

  it('that is frozen answers nothing and closes nothing, and goes on where it stood', async () => {
    chirpStack = await ChirpStackProcess.start(siteOf([HALL]))
    const api = connect(chirpStack.port)
    const seen = api.stream(HALL)
    await until(() => seen.accepted).toBe(true)
    chirpStack.freeze()
    const sent = chirpStack.call('uplink', HALL, { object: { n: 1 } })
    expect(await ask(api, 300)).toMatchObject({ code: status.DEADLINE_EXCEEDED })
    expect([seen.items, seen.end]).toEqual([[], undefined])
    chirpStack.thaw()
    await sent
    await until(() => valuesOf(seen)).toEqual([1])
  })

  it('that is frozen is noticed by keepalive with 14', async () => {
    chirpStack = await ChirpStackProcess.start(siteOf([HALL]))
    const keepalive = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 }
    const seen = connect(chirpStack.port, keepalive).stream(HALL)
    await until(() => seen.accepted).toBe(true)
    chirpStack.freeze()
    await until(() => seen.end).toMatchObject({ code: status.UNAVAILABLE })
  })

  it('does what it is told: troubles, keys, devices, clock and streams', async () => {
    chirpStack = await ChirpStackProcess.start(siteOf([HALL]))
    const api = connect(chirpStack.port, { 'grpc.enable_retries': 0 })
    await chirpStack.call('trouble', 'DeviceService.Get', { kind: 'http', status: 404 }, 1)
    expect(await ask(api)).toMatchObject({ code: status.UNIMPLEMENTED })
    expect(await ask(api)).toBe('OK')
    await chirpStack.call('addDevice', { ...siteOf([OFFICE]).devices[0]!, name: 'Office' })
    const seen = api.stream(OFFICE)
    await until(() => seen.accepted).toBe(true)
    await chirpStack.call('skewClock', -3_600_000)
    await chirpStack.call('uplink', OFFICE, { object: { n: 1 } })
    await until(() => valuesOf(seen)).toEqual([1])
    expect(Date.parse(bodyOf<{ time: string }>(seen.items[0]).time)).toBeLessThan(Date.now() - 3_590_000)
    await chirpStack.call('revokeKey', TENANT_KEY)
    expect(await ask(api)).toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
    expect(await chirpStack.call('openStreams', OFFICE)).toBe(1)
    await chirpStack.call('breakStreams', undefined, status.INTERNAL, 'Redis is away')
    await until(() => seen.end).toMatchObject({ code: status.INTERNAL, details: 'Redis is away' })
    await expect(chirpStack.call('uplink', '0000000000000000', {})).rejects.toThrow('has no device')
  })

  it('that behaves as a real one brings its events late and in order, and none while logs are off', async () => {
    chirpStack = await ChirpStackProcess.start(siteOf([HALL, OFFICE], { history: 100 }))
    await chirpStack.call('behaveAsReal')
    for (let n = 0; n < 12; n++) await chirpStack.call('uplink', HALL, { object: { n } })
    const seen = connect(chirpStack.port).stream(HALL)
    await until(() => valuesOf(seen)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    await chirpStack.call('setLog', { history: 0 })
    await chirpStack.call('uplink', HALL, { object: { n: 12 } })
    await chirpStack.call('setLog', { history: 100 })
    await chirpStack.call('uplink', HALL, { object: { n: 13 } })
    await until(() => valuesOf(seen).at(-1)).toBe(13)
    expect(valuesOf(seen)).not.toContain(12)
  })

  it('runs a fleet of thousands by itself', async () => {
    const site = siteOf([])
    chirpStack = await ChirpStackProcess.start(site)
    const tenantId = site.tenants[0]?.id ?? ''
    const devEuis = await chirpStack.call('startFleet', tenantId, 2_000, 200, 1)
    expect(devEuis).toHaveLength(2_000)
    const api = connect(chirpStack.port)
    const seen = devEuis.slice(0, 100).map((devEui) => api.stream(devEui))
    await until(() => seen.flatMap(({ items }) => items).length).toBeGreaterThan(2)
    expect(await chirpStack.call('stopFleet')).toBeGreaterThan(2)
  })
})
