import { constants } from 'node:http2'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { systemClock } from '../../src/core/clock.ts'
import { CHIRPSTACK_DELIVERY } from '../../src/demo/chirpstack/faults.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { bodyOf, ChirpStackClients, fCntsOf, kindsOf, type SeenStream } from '../support/chirpstack-clients.ts'
import { HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { setUp, siteOf } from '../support/chirpstack-site.ts'
import { ManualClock } from '../support/manual-clock.ts'

let chirpStack: SimulatedChirpStack
let port: number
const clients: ChirpStackClients[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await chirpStack.close()
})

async function begin(clock: Clock = systemClock, options: { maxConcurrentStreams?: number } = {}) {
  chirpStack = new SimulatedChirpStack({ clock, ...options })
  setUp(chirpStack, siteOf([HALL, OFFICE]))
  port = await chirpStack.listen()
  return chirpStack
}

function connect(): ChirpStackClients {
  const api = new ChirpStackClients(port, TENANT_KEY)
  clients.push(api)
  return api
}

async function open(devEui = HALL): Promise<SeenStream> {
  const seen = connect().stream(devEui)
  await expect.poll(() => seen.accepted).toBe(true)
  return seen
}

const send = (...values: readonly number[]) => {
  for (const n of values) chirpStack.uplink(HALL, { object: { n } })
}
const valuesOf = ({ items }: SeenStream) => items.map((item) => bodyOf<{ object?: { n: unknown } }>(item).object?.n)
const end = (seen: SeenStream) => expect.poll(() => seen.end)

describe('an event stream as ChirpStack reads it from Redis', () => {
  it('brings ten entries a second, what is kept first, and what is new up to a second late', async () => {
    const clock = new ManualClock()
    await begin(clock)
    chirpStack.faults.delivery = CHIRPSTACK_DELIVERY
    chirpStack.logs.history = 25
    send(...Array.from({ length: 25 }, (_, n) => n))
    const seen = await open()
    await expect.poll(() => fCntsOf(seen)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await clock.advance(1_000)
    await expect.poll(() => seen.items.length).toBe(20)
    await clock.advance(1_000)
    await expect.poll(() => seen.items.length).toBe(25)
    await clock.advance(400)
    send(25)
    await clock.advance(599)
    expect(seen.items).toHaveLength(25)
    await clock.advance(1)
    await expect.poll(() => seen.items.length).toBe(26)
    expect(clock.pendingTimers).toBeLessThanOrEqual(1)
  })

  it('loses what is trimmed before it was read', async () => {
    const clock = new ManualClock()
    await begin(clock)
    chirpStack.faults.delivery = CHIRPSTACK_DELIVERY
    const seen = await open()
    send(...Array.from({ length: 30 }, (_, n) => n))
    await clock.advance(2_000)
    await expect.poll(() => fCntsOf(seen)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29])
  })

  it('stays silent after a wipe of Redis whose ids go back, until they pass the last one', async () => {
    const clock = new ManualClock()
    await begin(clock)
    chirpStack.faults.delivery = CHIRPSTACK_DELIVERY
    const before = await open()
    send(0)
    await clock.advance(1_000)
    await expect.poll(() => valuesOf(before)).toEqual([0])
    chirpStack.wipeRedis()
    chirpStack.clock.skewMs = -3_600_000
    send(1)
    await clock.advance(2_000)
    const after = await open()
    await expect.poll(() => valuesOf(after)).toEqual([1])
    const idOf = ({ items }: SeenStream) => Number(items.at(-1)?.getId().split('-')[0])
    expect(idOf(after)).toBeLessThan(idOf(before))
    expect(valuesOf(before)).toEqual([0])
    await clock.advance(3_600_000)
    send(2)
    await clock.advance(2_000)
    await expect.poll(() => valuesOf(before)).toEqual([0, 2])
  })
})

describe('the event log of a device', () => {
  it('keeps a node of the Redis stream more than it is told: 10 to 34 entries of 10', async () => {
    await begin()
    chirpStack.logs.trimming = 'approximate'
    const kept = new Set<number>()
    for (let n = 0; n < 200; n++) {
      chirpStack.rawEvent(HALL, 'up', JSON.stringify({ n, padding: '.'.repeat(500) }))
      if (n > 40) kept.add(chirpStack.logs.read(HALL, '0', 1_000).items.length)
    }
    expect(Math.min(...kept)).toBe(10)
    expect(Math.max(...kept)).toBeGreaterThan(20)
    expect(Math.max(...kept)).toBeLessThanOrEqual(34)
    const seen = await open()
    const replayed = chirpStack.logs.read(HALL, '0', 1_000).items.map((item) => bodyOf(item).n)
    await expect.poll(() => seen.items.map((item) => bodyOf(item).n)).toEqual(replayed)
    expect(replayed.at(-1)).toBe(199)
  })

  it('holds all kinds of events together, and tells of each what the web interface shows', async () => {
    await begin()
    send(1)
    chirpStack.join(HALL)
    chirpStack.status(HALL, { margin: 9, batteryLevel: 87.4 })
    chirpStack.network.log(HALL, { level: 'WARNING', code: 'UPLINK_F_CNT_RETRANSMISSION', description: 'again' })
    chirpStack.event(HALL, 'location', { location: { latitude: 52.5, longitude: 13.4 } })
    const seen = await open()
    await expect.poll(() => kindsOf(seen)).toEqual(['up', 'join', 'status', 'log', 'location'])
    const properties = seen.items.map((item) => Object.fromEntries(item.getPropertiesMap().toArray()))
    expect(properties).toEqual([
      { DR: '5', FPort: '2', FCnt: '0', Data: '30' },
      { DevAddr: '010a1001' },
      {
        Margin: '9',
        'Battery level': '87%',
        'Battery level unavailable': 'false',
        'External power source': 'false',
      },
      { Level: 'WARNING', Code: 'UPLINK_F_CNT_RETRANSMISSION' },
      {},
    ])
  })

  it('that is turned off leaves streams open, in which nothing ever comes', async () => {
    await begin()
    chirpStack.logs.history = 0
    const seen = await open()
    send(1)
    chirpStack.logs.history = 10
    send(2)
    await expect.poll(() => valuesOf(seen)).toEqual([2])
  })

  it('has two frames of one moment in either order', async () => {
    await begin()
    const seen = await open()
    chirpStack.faults.swapNext = 1
    send(1)
    chirpStack.event(HALL, 'ack', { acknowledged: true })
    await expect.poll(() => kindsOf(seen)).toEqual(['ack', 'up'])
  })

  it('may hold one id twice', async () => {
    await begin()
    const seen = await open()
    for (const n of [1, 2])
      chirpStack.rawEvent(HALL, 'up', JSON.stringify({ object: { n } }), undefined, '1700000000000-0')
    await expect.poll(() => valuesOf(seen)).toEqual([1, 2])
    expect(new Set(seen.items.map((item) => item.getId())).size).toBe(1)
  })
})

describe('an event stream ends', () => {
  it.each([
    ['by REFUSED_STREAM with 14', constants.NGHTTP2_REFUSED_STREAM, status.UNAVAILABLE],
    ['by CANCEL with 1', constants.NGHTTP2_CANCEL, status.CANCELLED],
    ['by ENHANCE_YOUR_CALM with 8', constants.NGHTTP2_ENHANCE_YOUR_CALM, status.RESOURCE_EXHAUSTED],
    ['by INTERNAL_ERROR with 13', constants.NGHTTP2_INTERNAL_ERROR, status.INTERNAL],
  ])('%s', async (_, errorCode, code) => {
    await begin()
    const seen = await open()
    chirpStack.resetStreams(errorCode)
    await end(seen).toMatchObject({ code })
    expect(chirpStack.openStreams()).toBe(0)
  })

  it('in order with OK, which is no error', async () => {
    await begin()
    const seen = await open()
    chirpStack.breakStreams(HALL, status.OK)
    await end(seen).toBe('OK')
  })

  it('with GOAWAY and 1 once the time of grace is over, and new calls are answered on a new connection', async () => {
    await begin()
    const seen = await open()
    chirpStack.goAway(10)
    await end(seen).toMatchObject({ code: status.CANCELLED })
    const again = await open()
    send(1)
    await expect.poll(() => valuesOf(again)).toEqual([1])
  })

  it('with 13 when Redis is away, after its headers, and so does each new one', async () => {
    await begin()
    const seen = await open()
    chirpStack.setRedisDown(true)
    await end(seen).toMatchObject({ code: status.INTERNAL })
    const again = await open()
    await end(again).toMatchObject({ code: status.INTERNAL })
    chirpStack.uplink(HALL, {})
    chirpStack.setRedisDown(false)
    send(7)
    const healed = await open()
    await expect.poll(() => valuesOf(healed)).toEqual([7])
  })

  it('not at all while the database is away, when new ones are refused with 13 and no text', async () => {
    await begin()
    const seen = await open()
    chirpStack.faults.databaseDown = true
    const refused = connect().stream(OFFICE)
    await end(refused).toMatchObject({ code: status.INTERNAL, details: '' })
    send(1)
    await expect.poll(() => valuesOf(seen)).toEqual([1])
  })
})

describe('a server that is closed in its own process', () => {
  it('ends its streams with 1, as none does that is killed', async () => {
    await begin()
    const seen = await open()
    await chirpStack.close()
    await end(seen).toMatchObject({ code: status.CANCELLED })
  })
})

describe('streams on one connection', () => {
  it('are no more than a proxy allows, and those beyond wait without a word', async () => {
    await begin(systemClock, { maxConcurrentStreams: 10 })
    const api = connect()
    const seen = Array.from({ length: 15 }, () => api.stream(HALL))
    await expect.poll(() => chirpStack.openStreams()).toBe(10)
    chirpStack.breakStreams(HALL, status.OK)
    await expect.poll(() => seen.filter(({ accepted }) => accepted).length).toBe(15)
    expect(seen.filter((each) => each.end !== undefined)).toHaveLength(10)
  })
})

describe('an event', () => {
  const one = async (uplink: Parameters<SimulatedChirpStack['uplink']>[1]) => {
    chirpStack.uplink(HALL, uplink)
    const seen = await open()
    await expect.poll(() => seen.items.length).toBe(1)
    return seen.items[0]
  }

  it('has its time with nine digits, and so has its entry', async () => {
    await begin()
    const item = await one({ time: Date.UTC(2026, 6, 23, 10, 0, 0, 123), nanos: 456_789 })
    expect(bodyOf(item).time).toBe('2026-07-23T10:00:00.123456789+00:00')
    expect(item?.getTime()?.getNanos()).toBe(123_456_789)
  })

  it('may have no time, nor its entry', async () => {
    await begin()
    chirpStack.rawEvent(HALL, 'up', '{}', null)
    const seen = await open()
    await expect.poll(() => seen.items.length).toBe(1)
    expect(seen.items[0]?.hasTime()).toBe(false)
  })

  it('has the time of a GNSS clock, however far it is off, before or after the Unix epoch', async () => {
    await begin()
    expect(bodyOf(await one({ time: Date.UTC(2099, 0, 1) })).time).toBe('2099-01-01T00:00:00.000000000+00:00')
    chirpStack.logs.wipe()
    const old = await one({ time: -1_500 })
    expect(bodyOf(old).time).toBe('1969-12-31T23:59:58.500000000+00:00')
    expect(old?.getTime()?.toObject()).toEqual({ seconds: -2, nanos: 500_000_000 })
  })

  it('has the gateway time where it is near the server time, which is an hour wrong itself', async () => {
    const clock = new ManualClock(Date.UTC(2026, 6, 23, 10))
    await begin(clock)
    expect(bodyOf(await one({ gatewayTime: clock.now() - 29_000 })).time).toMatch(/^2026-07-23T09:59:31/)
    for (const [skewMs, time] of [
      [3_600_000, /^2026-07-23T11:00:00/],
      [-3_600_000, /^2026-07-23T09:00:00/],
    ] as const) {
      chirpStack.wipeRedis()
      chirpStack.clock.skewMs = skewMs
      expect(bodyOf(await one({ gatewayTime: clock.now() })).time).toMatch(time)
    }
  })

  it('has no rssi and no snr where these are 0, and no object where there is no codec', async () => {
    await begin()
    const body = bodyOf<{ rxInfo: object[] }>(
      await one({ receptions: [{ gatewayId: '0016c001f153a14c', rssi: 0, snr: 0 }] }),
    )
    expect(Object.keys(body.rxInfo[0] ?? {})).toEqual(['gatewayId', 'uplinkId', 'context', 'crcStatus'])
    expect(body).not.toHaveProperty('object')
  })

  it('brings any decoded object: nested, with nulls, huge, with forbidden keys, of changing types', async () => {
    await begin()
    const object = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"a":{"b":[{"c":null}]},"n":1e300}')
    const item = await one({ object, extra: { fieldOfTomorrow: { x: 1 } } })
    expect(item?.getBody()).toContain('"object":{"__proto__":{"polluted":true},"constructor":1')
    expect(bodyOf(item)).toMatchObject({ fieldOfTomorrow: { x: 1 } })
    chirpStack.logs.wipe()
    const nan = bodyOf(await one({ object: { n: Number.NaN } }))
    expect(nan.object).toEqual({ n: null })
    chirpStack.logs.wipe()
    const great = await one({ object: { text: 'x'.repeat(1_000_000) } })
    expect(great?.getBody().length).toBeGreaterThan(1_000_000)
  })

  it('with an infinity is streamed to nobody, though it takes its place in the log', async () => {
    await begin()
    chirpStack.logs.history = 2
    send(1)
    chirpStack.uplink(HALL, { object: { deep: [{ n: Number.POSITIVE_INFINITY }] } })
    send(3)
    const seen = await open()
    await expect.poll(() => fCntsOf(seen)).toEqual([2])
  })

  it('may be of any kind and no JSON at all', async () => {
    await begin()
    for (const [kind, body] of [
      ['up', '{"object":'],
      ['up', '[]'],
      ['tomorrow', '{"huge":123456789012345678901234567890}'],
      ['', ''],
    ] as const) {
      chirpStack.rawEvent(HALL, kind, body)
    }
    const seen = await open()
    await expect
      .poll(() => seen.items.map((item) => item.getBody()))
      .toEqual(['{"object":', '[]', '{"huge":123456789012345678901234567890}', ''])
    expect(kindsOf(seen)).toEqual(['up', 'up', 'tomorrow', ''])
  })
})
