import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type PlantFolder, writePlant } from '../support/gateway.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'
import { SerialPair } from '../support/serial-pair.ts'
import { Snap7Plc } from '../support/snap7.ts'

/** One gateway before four devices that we did not write, each of which fails in its turn. */
const CHANGE_EVERY_MS = 100
/** Values that the others must have brought while one was gone. */
const MEANWHILE = 10
const sources = ['meter', 'chiller', 'pump', 'press'] as const
type Source = (typeof sources)[number]
const tagsOf = (source: Source) => [`${source}/level`, `${source}/total`]

const ends: (() => Promise<unknown> | unknown)[] = []
const peers = new Map<Source, PymodbusServer>()
let line: SerialPair
let cpu: Snap7Plc
let plant: PlantFolder
let scada: ScadaClient
let seen: Map<string, () => Shown[]>
/** Devices whose values change all the time. */
const alive = new Set<Source>()
/** The change that is under way: no device fails in the middle of being told a value. */
let changing: Promise<void> = Promise.resolve()
let changes = new AbortController()
let untilUnchanged: Promise<void> = Promise.resolve()

async function startPeer(source: Exclude<Source, 'press'>, where: number | string = 0): Promise<PymodbusServer> {
  const transport = ({ meter: 'tcp', chiller: 'rtu-over-tcp', pump: 'rtu' } as const)[source]
  const server = await PymodbusServer.start(where, transport)
  ends.push(() => server.signal('SIGKILL'))
  await give(server, 0)
  peers.set(source, server)
  alive.add(source)
  return server
}

async function give(server: PymodbusServer, n: number): Promise<void> {
  await server.put({ area: 'holding', address: 0, encoding: 'uint16', value: n })
  await server.put({ area: 'holding', address: 40, encoding: 'uint32', value: 70_000 + n })
}

const dataBlock = (n: number): Buffer => {
  const content = Buffer.alloc(84)
  content.writeUInt16BE(n, 0)
  content.writeUInt32BE(70_000 + n, 80)
  return content
}

async function startCpu(port?: number): Promise<void> {
  cpu = await Snap7Plc.start(new Map([[1, dataBlock(0)]]), {}, port)
  alive.add('press')
}

/** Every value changes ten times a second, so that a device that is read shows. */
async function keepChanging(stop: AbortSignal): Promise<void> {
  for (let n = 1; !stop.aborted; n++) {
    changing = changeAll(n)
    await changing
    await delay(CHANGE_EVERY_MS)
  }
}

async function changeAll(n: number): Promise<void> {
  for (const source of [...alive]) {
    if (source === 'press') await cpu.change(1, dataBlock(n))
    else await give(peers.get(source) as PymodbusServer, n)
  }
}

beforeEach(async () => {
  const meter = await startPeer('meter')
  const chiller = await startPeer('chiller')
  line = await SerialPair.start()
  ends.push(() => line.stop())
  await startPeer('pump', line.theirs)
  await startCpu()
  ends.push(() => cpu.stop())

  const modbusTags = [
    { key: 'level', type: 'UInt16', address: 'holding:0' },
    { key: 'total', type: 'UInt32', address: 'holding:40' },
  ]
  const device = (key: Source) => ({ key, poll: '100ms', badAfter: '3s' })
  const units = (key: Source) => [{ ...device(key), unitId: 1, tags: modbusTags }]
  const shared = { host: '127.0.0.1', timeout: '300ms', connectTimeout: '500ms' }
  const { host: _host, ...timeouts } = shared
  plant = await writePlant([
    { key: 'net', kind: 'modbus', ...shared, port: meter.port, devices: units('meter') },
    {
      key: 'rtu-net',
      kind: 'modbus',
      transport: 'rtu-over-tcp',
      ...shared,
      port: chiller.port,
      devices: units('chiller'),
    },
    {
      key: 'serial',
      kind: 'modbus',
      transport: 'rtu',
      ...timeouts,
      serial: { path: line.ours, baudRate: 115_200, parity: 'none' },
      devices: units('pump'),
    },
    {
      key: 'cpu',
      kind: 's7',
      ...shared,
      port: cpu.port,
      rack: 0,
      slot: 2,
      devices: [
        {
          ...device('press'),
          tags: [
            { key: 'level', type: 'UInt16', address: 'DB1.DBW0' },
            { key: 'total', type: 'UInt32', address: 'DB1.DBD80' },
          ],
        },
      ],
    },
  ])
  ends.push(() => plant.remove())
  const gateway = new GatewayProcess(plant)
  ends.push(() => gateway.end())
  scada = await vi.waitFor(() => ScadaClient.connect(plant.endpointUrl), { timeout: 30_000, interval: 200 })
  ends.push(() => scada.end())
  seen = new Map()
  for (const tag of sources.flatMap(tagsOf)) seen.set(tag, await scada.watch(tag))
  changes = new AbortController()
  untilUnchanged = keepChanging(changes.signal)
})
afterEach(async () => {
  // First of all, since devices that came back during the test are ended before what was started ahead of them.
  changes.abort()
  await untilUnchanged
  for (const end of ends.splice(0).reverse()) await end()
  alive.clear()
})

/** Waits between attempts to connect grow to 30 s, and on a busy machine more than one attempt may fail. */
const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout: 120_000, interval: 50 })
const shown = (tag: string): Shown[] => seen.get(tag)?.() ?? []
const since = (tag: string, from: number): Shown[] => shown(tag).slice(from)
const counts = () => new Map(sources.flatMap(tagsOf).map((tag) => [tag, shown(tag).length]))

/** Lets one device fail: its tags and nobody else's must tell, and all be well again when it is back. */
async function fails(source: Source, fail: () => Promise<unknown> | unknown, mend: () => Promise<unknown> | unknown) {
  const others = sources.filter((other) => other !== source).flatMap(tagsOf)
  const before = counts()
  const at = (tag: string) => before.get(tag) ?? 0
  alive.delete(source)
  await changing
  await fail()
  await eventually(() => {
    for (const tag of tagsOf(source)) expect(shown(tag).at(-1), tag).toMatchObject({ status: 'BadNoCommunication' })
    for (const tag of others) expect(since(tag, at(tag)).length, tag).toBeGreaterThan(MEANWHILE)
  })
  for (const tag of tagsOf(source)) {
    const history = since(tag, at(tag))
    const statuses = history.map(({ status }) => status)
    expect(
      [...new Set(statuses)].filter((status) => status !== 'Good'),
      tag,
    ).toEqual(['UncertainNoCommunicationLastUsableValue', 'BadNoCommunication'])
    const uncertain = history.find(({ status }) => status.startsWith('Uncertain'))
    expect(uncertain?.value, tag).toBe(lastGood(tag, at(tag) + history.indexOf(uncertain as Shown))?.value)
  }
  const gone = counts()
  await mend()
  await eventually(() => {
    for (const tag of tagsOf(source)) {
      const back = since(tag, gone.get(tag) ?? 0).filter(({ status }) => status === 'Good')
      expect(back.length, tag).toBeGreaterThan(MEANWHILE)
    }
  })
  for (const tag of others) expect([...new Set(since(tag, at(tag)).map(({ status }) => status))], tag).toEqual(['Good'])
}

const lastGood = (tag: string, before: number): Shown | undefined =>
  shown(tag)
    .slice(0, before)
    .findLast(({ status }) => status === 'Good')

it('of four devices each that fails tells so by its own tags alone, the others read on, and all heal by themselves', {
  timeout: 600_000,
}, async () => {
  await eventually(() => {
    for (const tag of sources.flatMap(tagsOf)) expect(shown(tag).at(-1), tag).toMatchObject({ status: 'Good' })
  })
  const meter = peers.get('meter') as PymodbusServer
  await fails(
    'meter',
    () => meter.signal('SIGKILL'),
    () => startPeer('meter', meter.port),
  )
  const chiller = peers.get('chiller') as PymodbusServer
  await fails(
    'chiller',
    () => chiller.signal('SIGSTOP'),
    () => {
      chiller.signal('SIGCONT')
      alive.add('chiller')
    },
  )
  await fails(
    'pump',
    async () => {
      await line.pullOut()
      peers.get('pump')?.signal('SIGKILL')
    },
    async () => {
      await line.plugIn()
      await startPeer('pump', line.theirs)
    },
  )
  await fails(
    'press',
    () => cpu.stop(),
    () => startCpu(cpu.port),
  )
  expect(scada.reconnects).toBe(0)
})
