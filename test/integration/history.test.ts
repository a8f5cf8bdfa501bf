import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { API_KEY_ENV, modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { historyOf } from '../support/history-run.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { shared } from '../support/shared.ts'

/** The history of a gateway that runs, from the devices to the command line. */
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
let chirpStack: ChirpStackServer
let meter: PymodbusServer
let plant: PlantFolder
let gateway: Gateway

shared(
  async () => {
    chirpStack = await ChirpStackServer.start([HALL, OFFICE])
    meter = await PymodbusServer.start()
    const climate = [
      { key: 't', type: 'Double', address: 'object.t' },
      { key: 'open', type: 'Boolean', address: 'object.open', history: 'change' },
      { key: 'rssi', type: 'Int32', address: 'link.rssi', history: 'off' },
    ]
    const url = `http://127.0.0.1:${chirpStack.port}`
    const lora = { key: 'lora', kind: 'chirpstack', url, tenantId: TENANT }
    const registers = [
      { key: 'level', type: 'UInt16', address: 'holding:0', history: 'change' },
      { key: 'again', type: 'UInt16', address: 'holding:0' },
    ]
    plant = await writePlant(
      [
        {
          ...lora,
          devices: [
            { key: 'hall', devEui: HALL, tags: climate },
            { key: 'office', devEui: OFFICE, tags: climate.slice(0, 1) },
          ],
        },
        modbusSource(meter.port, registers),
      ],
      { [API_KEY_ENV]: TENANT_KEY },
    )
    gateway = await startGatewayOf(plant)
    await eventually(() => expect(chirpStack.chirpStack.openStreams(HALL)).toBe(1))
    await eventually(() => expect(chirpStack.chirpStack.openStreams(OFFICE)).toBe(1))
  },
  async () => {
    await gateway?.stop()
    await meter?.stop()
    await chirpStack?.chirpStack.close()
    plant?.remove()
  },
)

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 30_000, interval: 50 })
const values = (tag: string) => historyOf(join(plant.folder, 'data'), tag).map(({ value }) => value)

it('has every event of a LoRaWAN device in the order of its time, or its changes, or nothing, as each tag has it set', async () => {
  const now = Date.now()
  const uplink = (t: unknown, open: boolean, age: number) =>
    chirpStack.chirpStack.uplink(HALL, { object: { t, open }, time: now - age })
  uplink(20, false, 400)
  uplink(20, false, 300)
  uplink(22, true, 100)
  uplink('n/a', true, 50)
  uplink(21, true, 200)
  await eventually(() => expect(values('hall/t')).toEqual([20, 20, 21, 22, null]))
  expect(historyOf(join(plant.folder, 'data'), 'hall/t').map(({ sourceTime }) => now - sourceTime)).toEqual([
    400, 300, 200, 100, 50,
  ])
  expect(values('hall/open')).toEqual([false, true, true])
  expect(values('hall/rssi')).toEqual([])
  const { engine } = await gateway.health()
  expect(engine?.store).toMatchObject({ ok: true, history: { ok: true, lost: 0 } })
  expect(engine?.sources.find(({ key }) => key === 'lora')?.devices[0]).toMatchObject({ key: 'hall', lostUplinks: 0 })
})

it('is printed by the command line while the gateway runs', async () => {
  const time = Date.now() - 3_600_000
  chirpStack.chirpStack.uplink(OFFICE, { object: { t: 21.5 }, time })
  await eventually(() => expect(values('office/t')).toEqual([21.5]))
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'history', 'office/t', '--config', plant.file])
  expect(stdout.split(/ {2,}/).map((column) => column.trim())).toEqual([new Date(time).toISOString(), '21.5', 'Good'])
})

it('has the changes of a polled register where that is set, and shows when its device was lost', async () => {
  for (const level of [7, 8]) {
    await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: level })
    await eventually(() => expect(values('meter/level').at(-1)).toBe(level))
  }
  await meter.stop()
  await eventually(() => expect(values('meter/level').slice(-2)).toEqual([8, null]))
  expect(values('meter/level').filter((value) => value === 8)).toHaveLength(1)
  expect(values('meter/again')).toEqual([])
})
