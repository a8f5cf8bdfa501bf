import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { BadHour } from '../support/bad-hour.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackProcess } from '../support/chirpstack-process.ts'
import { TENANT_KEY } from '../support/chirpstack-server.ts'
import { siteOf } from '../support/chirpstack-site.ts'
import { API_KEY_ENV, type PlantFolder, writePlant } from '../support/gateway.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { historyOf } from '../support/history-run.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { randomFrom } from '../support/seeded-random.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** The gateway before a ChirpStack to which everything happens. The same seed lets the same happen again. */
const { CHIRPSTACK_FAULT_SEED, CHIRPSTACK_FAULT_SECONDS } = process.env
const seed = Number(CHIRPSTACK_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const SECONDS = Number(CHIRPSTACK_FAULT_SECONDS ?? 30)
const SEND_EVERY_MS = 50
/** Per device; more than one sends in all that time. */
const LOG_HISTORY = Math.max(200, 3 * SECONDS)
/** ChirpStack replays ten events a second, and after a bad time begins with the oldest. */
const CATCH_UP_MS = 120_000 + 500 * SECONDS

const sensors = Array.from({ length: 10 }, (_, at) => ({ key: `sensor${at}`, devEui: `a81758fffe0b000${at}` }))
type Sensor = (typeof sensors)[number]

let chirpStack: ChirpStackProcess
let proxy: TcpProxy
let plant: PlantFolder
let gateway: GatewayProcess
let scada: ScadaClient | undefined
let stopSending: () => void
/** The number, which is also the frame counter, and the time of every uplink, by sensor. */
let sent: Map<Sensor, { readonly n: number; readonly time: number }[]>
let sending: Set<Promise<unknown>>
let failures: unknown[]
let isDown: boolean

beforeEach(async () => {
  const site = siteOf(
    sensors.map(({ devEui }) => devEui),
    { history: LOG_HISTORY },
  )
  chirpStack = await ChirpStackProcess.start(site)
  await chirpStack.call('behaveAsReal')
  proxy = await TcpProxy.start(chirpStack.port)
  const devices = sensors.map((sensor) => ({
    ...sensor,
    tags: [
      { key: 'n', type: 'Int64', address: 'object.n' },
      { key: 'fcnt', type: 'UInt32', address: 'fCnt' },
    ],
  }))
  const url = `http://127.0.0.1:${proxy.port}`
  plant = await writePlant([{ key: 'lora', kind: 'chirpstack', url, tenantId: TENANT, linkTags: false, devices }], {
    [API_KEY_ENV]: TENANT_KEY,
  })
  gateway = new GatewayProcess(plant)
  sent = new Map(sensors.map((sensor) => [sensor, []]))
  sending = new Set()
  failures = []
  isDown = false
  stopSending = () => undefined
})
afterEach(async () => {
  stopSending()
  await scada?.end()
  scada = undefined
  await gateway.end()
  await proxy.close()
  await chirpStack.close()
  plant.remove()
})

/** The next uplink of a sensor, later than the one before. */
function send(sensor: Sensor): void {
  if (isDown) return
  const uplinks = sent.get(sensor) ?? []
  const time = Math.max(systemClock.now(), (uplinks.at(-1)?.time ?? 0) + 1)
  const n = uplinks.length
  uplinks.push({ n, time })
  const call: Promise<unknown> = chirpStack
    .call('uplink', sensor.devEui, { object: { n }, time })
    .catch((error: unknown) => failures.push(error))
    .finally(() => sending.delete(call))
  sending.add(call)
}

const history = ({ key }: Sensor, tag: string) =>
  historyOf(join(plant.folder, 'data'), `${key}/${tag}`).map(({ value, sourceTime }) => ({
    n: Number(value),
    time: sourceTime,
  }))
const eventually = (assertion: () => void | Promise<void>) =>
  vi.waitFor(assertion, { timeout: CATCH_UP_MS, interval: 100 })
const connected = () =>
  eventually(async () => expect((await gateway.engine()).sources[0]).toMatchObject({ state: 'connected' }))

it(`${SECONDS} seconds of everything that can happen to ChirpStack leaves each uplink exactly once in history, in order (CHIRPSTACK_FAULT_SEED=${seed})`, {
  timeout: 300_000 + 2_000 * SECONDS,
}, async () => {
  await connected()
  scada = await ScadaClient.connect(plant.endpointUrl)
  let turn = 0
  stopSending = systemClock.every(SEND_EVERY_MS, () => {
    const sensor = sensors[turn++ % sensors.length]
    if (sensor) send(sensor)
  })
  const hour = new BadHour({
    chirpStack,
    proxy,
    random: randomFrom(seed),
    down: async () => {
      isDown = true
      await Promise.all(sending)
    },
    up: () => {
      isDown = false
    },
  })
  await hour.last(1_000 * SECONDS)
  stopSending()
  await Promise.all(sending)
  console.log(`Seed ${seed}: ${hour.happened.join(', ')}`)
  expect(failures).toEqual([])

  await eventually(() => {
    for (const sensor of sensors) {
      expect(history(sensor, 'n').length, sensor.key).toBeGreaterThanOrEqual(sent.get(sensor)?.length ?? 0)
    }
  })
  await connected()
  for (const sensor of sensors) {
    const uplinks = sent.get(sensor) ?? []
    expect(uplinks.length, sensor.key).toBeGreaterThan(SECONDS / 3)
    expect(history(sensor, 'n'), sensor.key).toEqual(uplinks)
    expect(history(sensor, 'fcnt'), sensor.key).toEqual(uplinks)
    expect(await scada.read(`${sensor.key}/n`)).toMatchObject({
      value: [0, uplinks.length - 1],
      status: 'Good',
      sourceTime: uplinks.at(-1)?.time,
    })
  }
  const engine = await gateway.engine()
  expect(engine.store).toMatchObject({ ok: true, history: { ok: true, lost: 0 } })
  expect(engine.sources[0]?.counters).toMatchObject({ lostUplinks: 0, malformed: 0, misfits: 0 })
  expect(engine.sources[0]?.counters.connects).toBeGreaterThan(1)
  expect(engine.sources[0]?.counters.duplicates).toBeGreaterThan(0)
  expect(engine.sources[0]?.devices.map(({ lostUplinks }) => lostUplinks)).toEqual(sensors.map(() => 0))
  expect(scada.reconnects).toBe(0)
})
