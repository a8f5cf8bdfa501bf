import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { modbusSource, type PlantFolder, s7Source, writePlant } from '../support/gateway.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'
import { SerialPair } from '../support/serial-pair.ts'
import { Snap7Plc } from '../support/snap7.ts'

/** From a device that we did not write to a subscribed OPC UA client, through the whole gateway. */
const ends: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function later<T>(end: (thing: T) => Promise<unknown> | unknown, thing: T): T {
  ends.push(() => end(thing))
  return thing
}

async function aGateway(
  sources: readonly object[],
): Promise<{ plant: PlantFolder; gateway: Gateway; scada: ScadaClient }> {
  const plant = later((folder) => folder.remove(), await writePlant(sources))
  const gateway = later((running) => running.stop(), await startGatewayOf(plant))
  const scada = later((client) => client.end(), await ScadaClient.connect(plant.endpointUrl))
  return { plant, gateway, scada }
}

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 20_000, interval: 50 })
const statuses = (seen: () => Shown[]) => [...new Set(seen().map(({ status }) => status))]

describe('a Modbus register', () => {
  it('that changes on the device arrives with value, type, status and source time', async () => {
    const meter = later((server) => server.stop(), await PymodbusServer.start())
    await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: 12.5 })
    const { scada } = await aGateway([
      modbusSource(meter.port, [{ key: 'power', type: 'Float', address: 'holding:4' }]),
    ])
    const seen = await scada.watch('meter/power')
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 12.5, type: 'Float', status: 'Good' }))
    const before = Date.now()
    await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: -3.25 })
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: -3.25, status: 'Good' }))
    expect(seen().at(-1)?.sourceTime).toBeGreaterThanOrEqual(before)
    expect(seen().at(-1)?.sourceTime).toBeLessThanOrEqual(Date.now())
  })

  it('arrives from a serial line too', async () => {
    const line = later((pair) => pair.stop(), await SerialPair.start())
    const meter = later((server) => server.stop(), await PymodbusServer.start(line.theirs, 'rtu'))
    await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: 12.5 })
    const serial = { path: line.ours, baudRate: 115_200, parity: 'none' }
    const tags = [{ key: 'power', type: 'Float', address: 'holding:4' }]
    const devices = [{ key: 'meter', unitId: 1, poll: '100ms', tags }]
    const { scada } = await aGateway([{ key: 'line', kind: 'modbus', transport: 'rtu', serial, devices }])
    await eventually(async () => expect(await scada.read('meter/power')).toMatchObject({ value: 12.5, status: 'Good' }))
  })

  it('that does not exist is a configuration error of its tag alone', async () => {
    const meter = later((server) => server.stop(), await PymodbusServer.start())
    await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 7 })
    const { scada } = await aGateway([
      modbusSource(meter.port, [
        { key: 'there', type: 'UInt16', address: 'holding:0' },
        { key: 'gone', type: 'UInt16', address: 'holding:1' },
      ]),
    ])
    await eventually(async () =>
      expect(await scada.read('meter/gone')).toMatchObject({ status: 'BadConfigurationError' }),
    )
    expect(await scada.read('meter/there')).toMatchObject({ value: 7, status: 'Good' })
  })
})

describe('registers that are more than a number', () => {
  it('arrive as a date, an array and a text, written as the manual of the meter has them', async () => {
    const meter = later((server) => server.stop(), await PymodbusServer.start())
    for (const [index, value] of [1.5, -2.25].entries()) {
      await meter.put({ area: 'holding', address: 2 * index, encoding: 'float32', wordOrder: 'little', value })
    }
    // 26 November 2024, 12:57:36.500, as meters of Schneider Electric have it.
    await meter.bytes({ area: 'holding', address: 131 }, '00180b7a0c398e94')
    await meter.bytes({ area: 'holding', address: 200 }, '6bfc686c20202020')
    const { scada } = await aGateway([
      modbusSource(meter.port, [
        { key: 'currents', type: 'Float', address: '40001', order: 'CDAB', arrayLength: 2 },
        { key: 'made', type: 'DateTime', address: 'HR132', encoding: 'cp56' },
        { key: 'label', type: 'String', address: '4x201', length: 8, charset: 'latin1' },
        { key: 'raw', type: 'ByteString', address: '%MW200', length: 3 },
      ]),
    ])
    await eventually(async () =>
      expect(await scada.read('meter/label')).toMatchObject({ value: 'kühl', type: 'String', status: 'Good' }),
    )
    expect(await scada.read('meter/currents')).toMatchObject({ value: Float32Array.of(1.5, -2.25), status: 'Good' })
    const made = new Date('2024-11-26T12:57:36.500Z')
    expect(await scada.read('meter/made')).toMatchObject({ value: made, type: 'DateTime', status: 'Good' })
    expect(await scada.read('meter/raw')).toMatchObject({ value: Buffer.of(0x6b, 0xfc, 0x68), type: 'ByteString' })
  })
})

describe('an S7 data block', () => {
  it('whose bytes change on the PLC arrives with value, type, status and source time', async () => {
    const block = Buffer.alloc(16)
    block.writeFloatBE(61.5, 4)
    const plc = later((server) => server.stop(), await Snap7Plc.start(new Map([[1, block]])))
    const { scada } = await aGateway([
      s7Source(plc.port, [
        { key: 'temperature', type: 'Float', address: 'DB1,REAL4' },
        { key: 'running', type: 'Boolean', address: 'DB1,X0.3' },
      ]),
    ])
    const seen = await scada.watch('plc/running')
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: false, type: 'Boolean', status: 'Good' }))
    expect(await scada.read('plc/temperature')).toMatchObject({ value: 61.5, type: 'Float', status: 'Good' })
    const before = Date.now()
    block.writeUInt8(0b1000, 0)
    await plc.change(1, block)
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: true, status: 'Good' }))
    expect(seen().at(-1)?.sourceTime).toBeGreaterThanOrEqual(before)
  })
})

describe('a device that dies', () => {
  it('leaves its value Uncertain, then Bad after its time, and is Good again by itself when it is back', async () => {
    const first = await PymodbusServer.start()
    await first.put({ area: 'holding', address: 0, encoding: 'uint16', value: 7 })
    const { port } = first
    const { scada } = await aGateway([
      modbusSource(port, [
        { key: 'level', type: 'UInt16', address: 'holding:0' },
        { key: 'soon-bad', type: 'UInt16', address: 'holding:0', badAfter: '2s' },
      ]),
    ])
    const level = await scada.watch('meter/level')
    const soonBad = await scada.watch('meter/soon-bad')
    await eventually(() => expect(level().at(-1)).toMatchObject({ value: 7, status: 'Good' }))
    const goodAt = level().at(-1)?.sourceTime
    await first.stop()
    await eventually(() => expect(level().at(-1)?.status).toBe('UncertainNoCommunicationLastUsableValue'))
    expect(level().at(-1)).toMatchObject({ value: 7 })
    expect(level().at(-1)?.sourceTime).toBeGreaterThanOrEqual(goodAt as number)
    await eventually(() => expect(soonBad().at(-1)).toMatchObject({ value: null, status: 'BadNoCommunication' }))
    expect(level().at(-1)?.status).toBe('UncertainNoCommunicationLastUsableValue')

    const second = later((server) => server.stop(), await PymodbusServer.start(port))
    await second.put({ area: 'holding', address: 0, encoding: 'uint16', value: 8 })
    await eventually(() => expect(soonBad().at(-1)).toMatchObject({ value: 8, status: 'Good' }))
    expect(statuses(level)).not.toContain('BadNoCommunication')
  })

  it('that never answered is BadNoCommunication, without a value', async () => {
    const { scada } = await aGateway([modbusSource(9, [{ key: 'level', type: 'UInt16', address: 'holding:0' }])])
    await eventually(async () =>
      expect(await scada.read('meter/level')).toMatchObject({ value: null, status: 'BadNoCommunication' }),
    )
  })
})
