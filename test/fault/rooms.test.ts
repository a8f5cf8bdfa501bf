import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { type Misbehaviour, order } from '../support/misbehave.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'

/** The rooms of one gateway fail, one after the other, while a SCADA client watches a value of a real device. */
let meter: PymodbusServer
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient
let seen: () => Shown[]
/** What had happened before a test. */
let before: { readonly engine: number; readonly opcua: number; readonly connects: number; readonly reconnects: number }

beforeAll(async () => {
  meter = await PymodbusServer.start()
  plant = await writePlant([modbusSource(meter.port, [{ key: 'level', type: 'UInt16', address: 'holding:0' }])])
  gateway = await startGatewayOf(plant, {
    engine: new URL('../support/obedient-engine-room.ts', import.meta.url),
    opcua: new URL('../support/obedient-opcua-room.ts', import.meta.url),
  })
  scada = await ScadaClient.connect(plant.endpointUrl)
  seen = await scada.watch('meter/level')
})
beforeEach(async () => {
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 1 })
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 1, status: 'Good' }))
  const { rooms, engine } = await gateway.health()
  const connects = engine?.sources[0]?.counters.connects ?? Number.NaN
  const { reconnects } = scada
  before = { engine: rooms.engine.restarts, opcua: rooms.opcua.restarts, connects, reconnects }
})
afterAll(async () => {
  await scada.end()
  await gateway.stop()
  await meter.stop()
  plant.remove()
})

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 40_000, interval: 50 })
const ways: Misbehaviour[] = ['throw', 'exit', 'hang', 'overfill']

describe('when the engine', () => {
  it.each(ways)('%ss, the session lives, the value is Uncertain meanwhile, and comes true again', async (way) => {
    order('engine', way)
    await eventually(() => expect(seen().at(-1)?.status).toBe('UncertainNoCommunicationLastUsableValue'))
    expect(seen().at(-1)).toMatchObject({ value: 1 })
    await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 2 })
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 2, status: 'Good' }))
    expect(scada.reconnects).toBe(before.reconnects)
    const restarts = { engine: { restarts: before.engine + 1 }, opcua: { restarts: before.opcua } }
    expect((await gateway.health()).rooms).toMatchObject(restarts)
  })
})

describe('when the OPC UA server', () => {
  it.each(ways)('%ss, collecting goes on, and the client is served again', async (way) => {
    order('opcua', way)
    await eventually(async () =>
      expect((await gateway.health()).rooms).toMatchObject({
        opcua: { state: 'running', restarts: before.opcua + 1 },
      }),
    )
    await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 3 })
    await eventually(async () => expect(await scada.read('meter/level')).toMatchObject({ value: 3, status: 'Good' }))
    const { rooms, engine } = await gateway.health()
    expect(rooms).toMatchObject({ engine: { restarts: before.engine } })
    expect(engine?.sources[0]).toMatchObject({ state: 'connected', counters: { connects: before.connects } })
  })
})
