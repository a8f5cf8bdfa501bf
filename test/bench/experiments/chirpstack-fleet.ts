import { loadavg } from 'node:os'
import { join } from 'node:path'
import { type Experiment, makeRow, percentile } from '../row.ts'
import type { bareOrders } from '../support/bare-streams.ts'
import type { fleetOrders } from '../support/fleet-chirpstack.ts'
import { Obedient } from '../support/orders.ts'
import { freePort, PASSWORD, writeConfig } from '../support/plant.ts'
import { cpuSecondsOf, Program, residentMegabytesOf } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

const TENANT = '52f14cd4-c6f1-4fbd-8f87-4025e1d49242'
const KEY = 'bench-key'
const IDLE_MS = 10_000
const SENDING_MS = 10_000
/** After the last uplink until nothing more is expected; more than ChirpStack's second and a publishing interval. */
const ARRIVAL_MS = 3_000
/** One tick of Linux's accounting in that time, in percent; a bare client that does nothing uses less. */
const LEAST_CPU = 0.1
const SETTLE_MS = 5_000
const PUBLISHING_MS = 100

const here = (path: string) => join(import.meta.dirname, '../support', path)
const cli = join(import.meta.dirname, '../../../dist/cli.js')

type Fleet = Obedient<typeof fleetOrders>

interface Sending {
  /** Percent of one processor. */
  readonly cpu: number
  readonly p50: number
  readonly p99: number
  readonly delivered: number
}

interface Figures {
  readonly connectSeconds: number
  readonly idleCpu: number
  readonly megabytes: number
  readonly atOnce: Sending
  readonly polled: Sending
}

/** What came since the last time it was asked. */
type Arrivals = () => Promise<{ readonly came: number; readonly p50: number; readonly p99: number }>

/** So many LoRaWAN devices, two tags each, beside a bare gRPC client that only reads and decodes the same streams. */
export function chirpStackFleet(devices: number, uplinksPerSecond: number): Experiment {
  const name = `chirpstack-${devices}`
  const uplinks = `${uplinksPerSecond} uplinks a second`
  const shown = 'shown, no goal'
  return {
    rows: {
      [`${name}-connect`]: `seconds from the start of the gateway until ${devices} event streams are accepted`,
      [`${name}-idle-cpu`]: 'CPU of the gateway while nothing comes over them, all devices subscribed',
      [`${name}-memory`]: 'resident memory of the gateway then, its OPC UA variables included',
      [`${name}-cpu`]: `CPU of the gateway at ${uplinks}, all devices subscribed`,
      [`${name}-p50`]: `milliseconds from uplink to OPC UA client at ${uplinks}, ChirpStack handing them out at once`,
      [`${name}-p99`]: 'the same, 99 of 100',
      [`${name}-polled-p50`]: 'the same, ChirpStack reading its Redis once a second, as it really does',
      [`${name}-polled-p99`]: 'the same, 99 of 100',
      [`${name}-delivered`]: `share of ${uplinks} that reach the OPC UA client, the lesser of both`,
    },
    async measure(say) {
      const bare = await observeBare(devices, uplinksPerSecond, say)
      const gateway = await observeGateway(devices, uplinksPerSecond, say)
      const row = (key: string, unit: string, value: number, baseline: number) =>
        makeRow({ name: `${name}-${key}`, unit, value, baseline, goal: shown, ok: () => true })
      return [
        row('connect', 's', gateway.connectSeconds, bare.connectSeconds),
        row('idle-cpu', '%', gateway.idleCpu, Math.max(bare.idleCpu, LEAST_CPU)),
        row('memory', 'MB', gateway.megabytes, bare.megabytes),
        row('cpu', '%', gateway.atOnce.cpu, bare.atOnce.cpu),
        row('p50', 'ms', gateway.atOnce.p50, bare.atOnce.p50),
        row('p99', 'ms', gateway.atOnce.p99, bare.atOnce.p99),
        row('polled-p50', 'ms', gateway.polled.p50, bare.polled.p50),
        row('polled-p99', 'ms', gateway.polled.p99, bare.polled.p99),
        makeRow({
          name: `${name}-delivered`,
          unit: 'share',
          value: Math.min(gateway.atOnce.delivered, gateway.polled.delivered),
          baseline: 1,
          goal: 'all delivered',
          ok: (share) => share >= 0.995,
        }),
      ]
    },
  }
}

const startFleet = (devices: number): Fleet => new Obedient(here('fleet-chirpstack.ts'), [`${devices}`, TENANT, KEY])

async function observeBare(devices: number, rate: number, say: (progress: string) => void): Promise<Figures> {
  const fleet = startFleet(devices)
  const port = await fleet.tell('listen')
  const devEuis = await fleet.tell('devEuis')
  const started = performance.now()
  const client = new Obedient<typeof bareOrders>(here('bare-streams.ts'), [`${port}`, KEY])
  await client.tell('open', devEuis)
  say(`bare client: ${devices} streams, load ${loadavg()[0]?.toFixed(1)}`)
  const connectSeconds = await allAccepted(fleet, devices, started)
  const figures = await observe(client.pid, fleet, rate, () => client.tell('figures'), say)
  await client.end()
  await fleet.end()
  return { connectSeconds, ...figures }
}

async function observeGateway(devices: number, rate: number, say: (progress: string) => void): Promise<Figures> {
  const fleet = startFleet(devices)
  const port = await fleet.tell('listen')
  const devEuis = await fleet.tell('devEuis')
  const [opcuaPort, httpPort] = [await freePort(), await freePort()]
  const plant = writeConfig([sourceOf(port, devEuis)], opcuaPort, httpPort)
  const started = performance.now()
  const gateway = new Program(cli, ['run', '--config', plant.file], {
    PENSTOCK_BENCH_PASSWORD: PASSWORD,
    PENSTOCK_LORA_API_KEY: KEY,
  })
  say(`gateway: ${devices} devices, load ${loadavg()[0]?.toFixed(1)}`)
  const connectSeconds = await allAccepted(fleet, devices, started)
  const subscriber = await Subscriber.connect(opcuaPort, join(plant.folder, 'client-pki'))
  const latencies: number[] = []
  const ids = devEuis.map((_, at) => `sensor${at}/sent-at`)
  await subscriber.subscribe(ids, PUBLISHING_MS, (_position, value) => {
    if (typeof value === 'number' && value > 0) latencies.push(Date.now() - value)
  })
  const figures = await observe(
    gateway.pid,
    fleet,
    rate,
    async () => {
      const came = latencies.splice(0)
      return { came: came.length, p50: percentile(came, 0.5), p99: percentile(came, 0.99) }
    },
    say,
  )
  await subscriber.end()
  await gateway.end()
  await fleet.end()
  plant.remove()
  return { connectSeconds, ...figures }
}

async function allAccepted(fleet: Fleet, devices: number, started: number): Promise<number> {
  while ((await fleet.tell('openStreams')) < devices) await pause(50)
  return (performance.now() - started) / 1_000
}

async function observe(
  pid: number,
  fleet: Fleet,
  rate: number,
  arrivals: Arrivals,
  say: (progress: string) => void,
): Promise<Omit<Figures, 'connectSeconds'>> {
  const cpu = () => cpuSecondsOf(`/proc/${pid}/stat`)
  await pause(SETTLE_MS)
  const idleCpu = await shareOf(cpu, IDLE_MS)
  const megabytes = residentMegabytesOf(pid)
  let sentBefore = 0
  const sending = async (delivery: string): Promise<Sending> => {
    await arrivals()
    await fleet.tell('send', rate)
    const busy = await shareOf(cpu, SENDING_MS)
    const sent = await fleet.tell('stop')
    await pause(ARRIVAL_MS)
    const { came, p50, p99 } = await arrivals()
    const delivered = came / (sent - sentBefore)
    sentBefore = sent
    say(`${delivery}: ${came} arrived, p50 ${p50} ms, p99 ${p99} ms, ${residentMegabytesOf(pid).toFixed(0)} MB`)
    return { cpu: busy, p50, p99, delivered }
  }
  const atOnce = await sending('at once')
  const streams = await fleet.tell('openStreams')
  await fleet.tell('poll')
  await allAccepted(fleet, streams, performance.now())
  await pause(SETTLE_MS)
  return { idleCpu, megabytes, atOnce, polled: await sending('polled') }
}

/** Percent of one processor in the time that begins now. */
async function shareOf(cpuSeconds: () => number, duration: number): Promise<number> {
  const [cpu, at] = [cpuSeconds(), performance.now()]
  await pause(duration)
  return (100_000 * (cpuSeconds() - cpu)) / (performance.now() - at)
}

const sourceOf = (port: number, devEuis: readonly string[]) => ({
  key: 'lora',
  kind: 'chirpstack',
  url: `http://127.0.0.1:${port}`,
  tenantId: TENANT,
  linkTags: false,
  devices: devEuis.map((devEui, at) => ({
    key: `sensor${at}`,
    devEui,
    tags: [
      { key: 'count', type: 'UInt32', address: 'object.count' },
      { key: 'sent-at', type: 'Double', address: 'object.sentAt' },
    ],
  })),
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
