import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { historyRead, pairsOf, rawDetails } from '../support/history-client.ts'
import { historyOf } from '../support/history-run.ts'
import { type Misbehaviour, order } from '../support/misbehave.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'

/** The engine, which writes the history, dies while a SCADA client pages through it. */
let meter: PymodbusServer
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient

beforeAll(async () => {
  meter = await PymodbusServer.start()
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 1 })
  const tags = [{ key: 'level', type: 'UInt16', address: 'holding:0', history: 'every' }]
  plant = await writePlant([modbusSource(meter.port, tags)])
  gateway = await startGatewayOf(plant, {
    engine: new URL('../support/obedient-engine-room.ts', import.meta.url),
  })
  scada = await ScadaClient.connect(plant.endpointUrl)
})
afterAll(async () => {
  await scada.end()
  await gateway.stop()
  await meter.stop()
  plant.remove()
})

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 40_000, interval: 50 })
const recorded = () => historyOf(join(plant.folder, 'data'), 'meter/level').map(({ sourceTime }) => sourceTime)

it.each<Misbehaviour>(['exit', 'hang'])(
  'when it %ss, the client goes on where it was, also before it is back',
  async (way) => {
    await eventually(() => expect(recorded().length).toBeGreaterThan(30))
    const end = recorded()[30] as number
    const details = rawDetails({ start: 1_000, end, count: 10 })
    const node = { nodeId: scada.nodeId('meter/level') }
    const page = async (continuationPoint?: Buffer) => {
      const [result] = await historyRead(scada.session, details, [
        { ...node, ...(continuationPoint ? { continuationPoint } : {}) },
      ])
      return { times: pairsOf(result).map(([time]) => time), next: result?.continuationPoint as Buffer }
    }
    const first = await page()
    const { restarts } = (await gateway.health()).rooms.engine
    const { reconnects } = scada
    order('engine', way)
    const second = await page(first.next)
    await eventually(async () => {
      expect((await gateway.health()).rooms.engine).toMatchObject({ state: 'running', restarts: restarts + 1 })
    })
    const third = await page(second.next)
    expect([...first.times, ...second.times, ...third.times]).toEqual(recorded().slice(0, 30))
    const written = recorded().length
    await eventually(() => expect(recorded().length).toBeGreaterThan(written))
    const after = await historyRead(scada.session, rawDetails({ end: Date.now(), count: 1 }), [node])
    expect(pairsOf(after[0])[0]?.[0]).toBeGreaterThan(end)
    expect(scada.reconnects).toBe(reconnects)
  },
)
