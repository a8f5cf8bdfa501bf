import { join } from 'node:path'
import { BadHour } from '../support/bad-hour.ts'
import { historyOf } from '../support/history-run.ts'
import { randomFrom } from '../support/seeded-random.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { SoakingClients } from './clients.ts'
import { SoakFaults } from './faults.ts'
import type { Moment, Outcome, Soak } from './report.ts'
import { SoakedGateway } from './soaked-gateway.ts'
import { type SentUplink, SoakedPlant, sensors } from './soaked-plant.ts'

const RECOVERS_WITHIN_MS = 120_000
const BAD_SPELL_MS = 20_000
const CALM_MS = 25_000
const MEASURE_AT_LEAST_EVERY_MS = 5_000

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  readonly program: 'dist' | 'src'
}

/** Lets a gateway serve a plant to which everything happens, and answers what became of it all. */
export async function soak({ minutes, seed, program }: SoakOptions): Promise<Soak> {
  const duration = minutes * 60_000
  const plant = await SoakedPlant.start()
  const opcua = await TcpProxy.start(Number(new URL(plant.folder.endpointUrl.replace('opc.tcp', 'http')).port))
  let gateway: SoakedGateway | undefined
  let clients: SoakingClients | undefined
  try {
    gateway = await SoakedGateway.start(plant.folder, program)
    clients = new SoakingClients(plant.folder, opcua, () => plant.counter)
    await clients.start()
    plant.startSending()

    const moments: Moment[] = []
    const begun = performance.now()
    const measuring = measure(gateway, duration, (moment) =>
      moments.push({ ...moment, atMs: performance.now() - begun }),
    )
    const random = randomFrom(seed)
    const weather = new BadHour({
      chirpStack: plant.chirpStack,
      proxy: plant.ways.lora,
      random: randomFrom(seed + 1),
      down: plant.down,
      up: plant.up,
    })
    const faults = new SoakFaults({ plant, gateway, clients, opcua, random })
    await Promise.all([faults.last(duration), spells(weather, duration), measuring])
    await plant.down()

    const notRecovered = await recovered(gateway, plant, clients)
    const { rooms, engine } = await gateway.health()
    const devices = engine?.sources.find(({ key }) => key === 'lora')?.devices ?? []
    const toldLost = devices.reduce((sum, { lostUplinks = 0 }) => sum + lostUplinks, 0)
    const ordered = faults.deaths.engine + faults.deaths.opcua
    const unordered = Math.max(0, rooms.engine.restarts + rooms.opcua.restarts - ordered)
    await clients.end()
    const exitCode = await gateway.end()
    const outcome = {
      ...judged(plant, clients),
      unordered,
      notRecovered,
      exitCode,
      toldLost,
      restarts: counted(gateway.restartCauses),
    }
    const happened = { ...faults.happened, ...counted(weather.happened.map((name) => `ChirpStack ${name}`)) }
    return { seed, minutes, happened, moments, outcome }
  } finally {
    await clients?.end()
    await gateway?.end()
    await opcua.close()
    await plant.end()
  }
}

/**
 * Bad weather and calm in turn: ChirpStack brings ten events a second of what it has kept, so that where it is cut off
 * without a pause nobody can keep up, and the oldest are gone there.
 */
async function spells(weather: BadHour, duration: number): Promise<void> {
  const end = performance.now() + duration
  for (;;) {
    await weather.last(Math.min(BAD_SPELL_MS, end - performance.now()))
    const calm = Math.min(CALM_MS, end - performance.now())
    if (calm <= 0) return
    await new Promise((resolve) => setTimeout(resolve, calm))
  }
}

async function measure(gateway: SoakedGateway, duration: number, take: (moment: Omit<Moment, 'atMs'>) => void) {
  const end = performance.now() + duration
  const every = Math.min(MEASURE_AT_LEAST_EVERY_MS, duration / 8)
  while (performance.now() < end) {
    const [figures, { rooms }] = [await gateway.figures(), await gateway.health()]
    take({ ...figures, engineHeap: rooms.engine.heapShare, opcuaHeap: rooms.opcua.heapShare })
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}

/** Waits until all is well; answers what was not in time, or nothing. */
async function recovered(gateway: SoakedGateway, plant: SoakedPlant, clients: SoakingClients): Promise<string> {
  const until = performance.now() + RECOVERS_WITHIN_MS
  for (;;) {
    const missing = await stillMissing(gateway, plant, clients)
    if (missing === '' || performance.now() > until) return missing
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function stillMissing(gateway: SoakedGateway, plant: SoakedPlant, clients: SoakingClients): Promise<string> {
  if (!gateway.isAlive) return `the gateway is gone: ${gateway.output.slice(-2_000)}`
  const health = await gateway.health()
  if (!health.ready) return 'it is not ready'
  const away = health.engine?.sources.find(({ state }) => state !== 'connected')
  if (!health.engine || away) return `the source ${away?.key ?? '?'} is not connected`
  if (!health.engine.store.ok) return health.engine.store.reason
  for (const tag of ['meter/counter', 'plc/counter']) {
    const shown = await clients.read(tag)
    if (shown?.status !== 'Good') return `${tag} is ${shown?.status ?? 'not read'}`
  }
  for (const sensor of sensors) {
    const sent = plant.sent.get(sensor) ?? []
    const shown = await clients.read(`${sensor.key}/n`)
    if (shown?.sourceTime !== sent.at(-1)?.time) return `the last uplink of ${sensor.key} is not shown`
    if (recorded(plant, sensor.key).length < sent.length) return `history lacks uplinks of ${sensor.key}`
  }
  return ''
}

const recorded = (plant: SoakedPlant, key: string): SentUplink[] =>
  historyOf(join(plant.folder.folder, 'data'), `${key}/n`).map(({ value, sourceTime }) => ({
    n: Number(value),
    time: sourceTime,
  }))

type Judged = Omit<Outcome, 'unordered' | 'notRecovered' | 'exitCode' | 'toldLost' | 'restarts'>

function judged(plant: SoakedPlant, clients: SoakingClients): Judged {
  const sums = { uplinks: 0, lost: 0, doubled: 0, altered: 0 }
  for (const sensor of sensors) {
    const sent = plant.sent.get(sensor) ?? []
    const kept = recorded(plant, sensor.key)
    const times = new Map(kept.map(({ n, time }) => [n, time]))
    sums.uplinks += sent.length
    sums.lost += sent.filter(({ n }) => !times.has(n)).length
    sums.doubled += kept.length - times.size
    sums.altered += sent.filter(({ n, time }) => times.has(n) && times.get(n) !== time).length
  }
  const { writes, values } = clients
  const done = counted(plant.written.map(String))
  const confirmed = [...writes].filter(([, status]) => status === 'Good')
  return {
    ...sums,
    lost: sums.lost + plant.refused,
    seen: values.seen,
    wrong: values.wrong,
    writes: counted([...writes.values()]),
    confirmedButNotDone: confirmed.filter(([value]) => done[value] === undefined).length,
    doneTwice: Object.values(done).filter((times) => times > 1).length,
  }
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
