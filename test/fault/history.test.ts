import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { API_KEY_ENV, type PlantFolder, writePlant } from '../support/gateway.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { historyOf } from '../support/history-run.ts'

/** A gateway that is killed in the midst of uplinks, and what its history has of them. */
const rooms = { hall: HALL, office: OFFICE } as const
type Room = keyof typeof rooms

let server: ChirpStackServer
let plant: PlantFolder
let gateway: GatewayProcess | undefined
let stopSending: () => void
/** Every uplink's number and time, by room. */
let sent: Record<Room, [number, number][]>

beforeEach(async () => {
  server = await ChirpStackServer.start([HALL, OFFICE])
  sent = { hall: [], office: [] }
  stopSending = () => undefined
  const devices = Object.entries(rooms).map(([key, devEui]) => ({
    key,
    devEui,
    tags: [
      { key: 'n', type: 'Int64', address: 'object.n' },
      { key: 'fcnt', type: 'UInt32', address: 'fCnt' },
    ],
  }))
  const url = `http://127.0.0.1:${server.port}`
  plant = await writePlant([{ key: 'lora', kind: 'chirpstack', url, tenantId: TENANT, devices }], {
    [API_KEY_ENV]: TENANT_KEY,
  })
})
afterEach(async () => {
  stopSending()
  await kill()
  await server.chirpStack.close()
  plant.remove()
})

/** Sends the next uplink of a room; every seventh comes late, with a time before those that came already. */
function send(room: Room): void {
  const n = sent[room].length
  const now = systemClock.now()
  const newest = Math.max(now, (sent[room].findLast(([each]) => each % 7 !== 6)?.[1] ?? 0) + 1)
  const time = n % 7 === 6 ? now - 600_000 + n : newest
  server.chirpStack.uplink(rooms[room], { object: { n }, time })
  sent[room].push([n, time])
}

async function kill(): Promise<void> {
  await gateway?.end('SIGKILL')
  gateway = undefined
}

const data = () => join(plant.folder, 'data')
const history = (room: Room, tag = 'n') =>
  historyOf(data(), `${room}/${tag}`).map(({ value, sourceTime }): [number, number] => [Number(value), sourceTime])
const inOrderOfTime = (uplinks: readonly [number, number][]) => [...uplinks].sort(([, a], [, b]) => a - b)
const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 30_000, interval: 20 })
const connected = () =>
  eventually(async () => {
    gateway ??= new GatewayProcess(plant)
    expect((await gateway.engine()).sources[0]?.state).toBe('connected')
  })

it('kill -9 in the midst of uplinks, again and again, leaves each uplink exactly once in history, in order', async () => {
  server.chirpStack.logs.history = 1_000
  await connected()
  stopSending = systemClock.every(25, () => {
    for (const room of ['hall', 'office'] as const) send(room)
  })
  for (const more of [20, 45, 70, 25]) {
    const until = history('hall').length + more
    await eventually(() => expect(history('hall').length).toBeGreaterThanOrEqual(until))
    await kill()
    const atKill = [...history('hall')]
    expect(atKill).toEqual(inOrderOfTime(atKill))
    await connected()
  }
  stopSending()
  for (const room of ['hall', 'office'] as const) {
    await eventually(() => expect(history(room).length).toBeGreaterThanOrEqual(sent[room].length))
    expect(history(room)).toEqual(inOrderOfTime(sent[room]))
    expect(history(room, 'fcnt').map(([fCnt]) => fCnt)).toEqual(inOrderOfTime(sent[room]).map(([n]) => n))
  }
  const engine = await gateway?.engine()
  expect(engine?.store).toMatchObject({ ok: true, history: { ok: true, lost: 0 } })
  expect(engine?.sources[0]).toMatchObject({
    counters: { lostUplinks: 0, malformed: 0 },
    devices: [{ lostUplinks: 0 }, { lostUplinks: 0 }],
  })
  expect(engine?.sources[0]?.counters.duplicates).toBeGreaterThan(0)
})

it('uplinks that ChirpStack no longer had after an outage are counted as lost, also by the gateway after the next', async () => {
  server.chirpStack.logs.history = 10
  await connected()
  for (let n = 0; n < 5; n++) send('hall')
  await eventually(() => expect(history('hall')).toHaveLength(5))
  await kill()
  for (let n = 0; n < 30; n++) send('hall')
  for (const restart of [1, 2]) {
    await connected()
    await eventually(async () => {
      expect(history('hall'), `restart ${restart}`).toHaveLength(15)
      expect((await gateway?.engine())?.sources[0]).toMatchObject({
        counters: { lostUplinks: 20 },
        devices: [{ key: 'hall', lostUplinks: 20 }, { key: 'office' }],
      })
    })
    // What is lost is on disk at the latest a second later, with the uplinks that showed it.
    await eventually(async () => expect((await gateway?.engine())?.store.history.waiting).toBe(0))
    await kill()
  }
  expect(history('hall')).toEqual(inOrderOfTime([...sent.hall.slice(0, 5), ...sent.hall.slice(-10)]))
})
