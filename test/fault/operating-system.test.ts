import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { change, placeOf } from '../../src/cli/config/configuration-commands.ts'
import { LocalGateway } from '../../src/cli/config/local-gateway.ts'
import type { GatewayHealth } from '../../src/http/gateway-health.ts'
import { FaultyOs } from '../support/faulty-os.ts'
import { modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { historyOf } from '../support/history-run.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'

/** `penstock run` as a process whose disk and clock do what they should not, and a SCADA client that watches a device. */
const HOUR = 3_600_000
const TEN_YEARS = 87_660 * HOUR
const TAGS = 'sources/line/devices/meter/tags'
const LEVEL = { key: 'level', type: 'UInt16', address: 'holding:0', history: 'every' }

let os: FaultyOs
let meter: PymodbusServer
let plant: PlantFolder
let gateway: GatewayProcess
let scada: ScadaClient
let seen: () => Shown[]
let level = 0

beforeAll(async () => {
  os = new FaultyOs()
  meter = await PymodbusServer.start()
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: level })
  plant = await writePlant([modbusSource(meter.port, [LEVEL])], os.env)
  await start()
})
afterAll(async () => {
  await scada?.end()
  await gateway?.end()
  await meter?.stop()
  plant?.remove()
  os?.remove()
})

const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 30_000, interval: 50 })

async function start(): Promise<void> {
  gateway = new GatewayProcess(plant)
  scada = await vi.waitFor(() => ScadaClient.connect(plant.endpointUrl), { timeout: 30_000, interval: 200 })
  seen = await scada.watch('meter/level')
}

/** The device has a value of which nobody has heard, and the client gets it. */
async function expectLive(): Promise<void> {
  level++
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: level })
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: level, status: 'Good' }))
}

async function health(): Promise<GatewayHealth> {
  return (await (await fetch(`http://127.0.0.1:${plant.httpPort}/`)).json()) as GatewayHealth
}
/** One that the gateway cannot keep is refused, and what ran before goes on. */
async function expectRefused(key: string): Promise<void> {
  await expect(addTag(key)).rejects.toThrow()
  expect(await scada.read(`meter/${key}`)).toMatchObject({ status: 'BadNodeIdUnknown' })
}

/** No room died, and the client has the session that it began with. */
async function expectUntouched(): Promise<void> {
  expect((await health()).rooms).toMatchObject({ engine: { restarts: 0 }, opcua: { restarts: 0 } })
  expect(scada.reconnects).toBe(0)
}

const warnings = async () => (await health()).checks.filter(({ state }) => state !== 'ok').map(({ name }) => name)
const lasting = async () => (await health()).alarms.filter(({ until }) => until === null).map(({ name }) => name)
const serviceLevel = async () => (await scada.session.read({ nodeId: 'i=2267' })).value.value as number
const recorded = () => historyOf(join(plant.folder, 'data'), 'meter/level').map(({ value }) => Number(value))
const local = () => new LocalGateway({ url: `http://127.0.0.1:${plant.httpPort}`, config: plant.file }, plant.env)
const silent = { line: () => undefined, notice: () => undefined }
const addTag = (key: string) =>
  change(local(), { add: placeOf(TAGS), value: { key, type: 'UInt16', address: 'holding:0' } }, 'one more', silent)

it.each([
  ['is full', { write: 'ENOSPC' }, true],
  ['cannot be written', { write: 'EIO' }, false],
] as const)(
  'a disk that %s takes no live value, refuses changes, is said, and loses nothing once it is mended',
  async (_what, faults, isWatched) => {
    await expectLive()
    os.set(faults)
    await expectLive()
    await expectRefused('refused')
    await eventually(async () => expect(await warnings()).toEqual(expect.arrayContaining(['store', 'history'])))
    // Alarms are looked at every few seconds; one disk is enough to wait for that.
    if (isWatched) await eventually(async () => expect(await lasting()).toContain('store'))
    await eventually(async () => expect(await serviceLevel()).toBeLessThan(200))
    await expectLive()

    os.set({})
    await eventually(async () => expect(await lasting()).toEqual([]))
    await eventually(async () => expect(await serviceLevel()).toBe(255))
    await expectLive()
    await eventually(() => expect(new Set(recorded())).toEqual(new Set(Array.from({ length: level + 1 }, (_, n) => n))))
    await expectUntouched()
  },
)

it.each([
  ['an hour ahead', HOUR],
  ['an hour back', -HOUR],
  ['ten years ahead', TEN_YEARS],
])('a clock that is set %s ends no session, holds up no value and lets none storm in', async (_way, clockOffsetMs) => {
  await expectLive()
  const { connects } = (await health()).engine?.sources[0]?.counters ?? {}
  const before = recorded().length
  const begun = performance.now()
  os.set({ clockOffsetMs })
  for (let n = 0; n < 3; n++) await expectLive()
  const source = seen().at(-1)?.sourceTime as number
  expect(Math.abs(source - (Date.now() + clockOffsetMs))).toBeLessThan(60_000)
  await eventually(async () => expect(await lasting()).toContain('clock-jump'))
  expect(recorded().length - before).toBeLessThan((performance.now() - begun) / 100 + 20)
  os.set({})
  await expectLive()
  await expectUntouched()
  expect((await health()).engine?.sources[0]).toMatchObject({ state: 'connected', counters: { connects } })
})

it('a change that the disk did not sync is not told as done, and the gateway starts with one of both after kill -9', async () => {
  os.set({ sync: 'EIO' })
  await expectRefused('in-doubt')
  await expectLive()
  await expectUntouched()

  await scada.end()
  await gateway.end('SIGKILL')
  os.set({})
  await start()
  await expectLive()
  await addTag('accepted')
  await eventually(async () => expect(await scada.read('meter/accepted')).toMatchObject({ value: level }))
})
