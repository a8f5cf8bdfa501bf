import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { modbusSource, s7Source, writePlant } from '../support/gateway.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'
import { SerialPair } from '../support/serial-pair.ts'
import { Snap7Plc } from '../support/snap7.ts'

/** From devices that we did not write to a subscribed OPC UA client, through one whole gateway. */
const ends: (() => Promise<unknown> | unknown)[] = []
let meter: PymodbusServer
let mortal: PymodbusServer
let plc: Snap7Plc
let scada: ScadaClient
const block = Buffer.alloc(16)

function later<T>(end: (thing: T) => Promise<unknown> | unknown, thing: T): T {
  ends.push(() => end(thing))
  return thing
}

/** A source and a device of this key, on a line of its own. */
const modbus = (key: string, port: number, tags: readonly object[]) => ({
  ...modbusSource(port, tags, { key }),
  key: `to-${key}`,
})

beforeAll(async () => {
  const line = later((pair) => pair.stop(), await SerialPair.start())
  const serialMeter = later((server) => server.stop(), await PymodbusServer.start(line.theirs, 'rtu'))
  await serialMeter.put({ area: 'holding', address: 4, encoding: 'float32', value: 12.5 })
  mortal = await PymodbusServer.start()
  ends.push(() => mortal.stop())
  await mortal.put({ area: 'holding', address: 0, encoding: 'uint16', value: 7 })
  block.writeFloatBE(61.5, 4)
  plc = later((server) => server.stop(), await Snap7Plc.start(new Map([[1, block]])))
  meter = later((server) => server.stop(), await PymodbusServer.start())
  await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: 12.5 })
  await meter.put({ area: 'holding', address: 20, encoding: 'uint16', value: 7 })
  for (const [index, value] of [1.5, -2.25].entries()) {
    await meter.put({ unit: 2, area: 'holding', address: 2 * index, encoding: 'float32', wordOrder: 'little', value })
  }
  // 26 November 2024, 12:57:36.500, as meters of Schneider Electric have it.
  await meter.bytes({ unit: 2, area: 'holding', address: 131 }, '00180b7a0c398e94')
  await meter.bytes({ unit: 2, area: 'holding', address: 200 }, '6bfc686c20202020')

  const power = { key: 'power', type: 'Float', address: 'holding:4' }
  const level = { key: 'level', type: 'UInt16', address: 'holding:0' }
  const ofMeter = modbus('meter', meter.port, [
    power,
    { key: 'there', type: 'UInt16', address: 'holding:20' },
    { key: 'gone', type: 'UInt16', address: 'holding:21' },
  ])
  const [first] = ofMeter.devices
  const rich = {
    ...{ key: 'rich', unitId: 2, poll: '100ms' },
    tags: [
      { key: 'currents', type: 'Float', address: '40001', order: 'CDAB', arrayLength: 2 },
      { key: 'made', type: 'DateTime', address: 'HR132', encoding: 'cp56' },
      { key: 'label', type: 'String', address: '4x201', length: 8, charset: 'latin1' },
      { key: 'raw', type: 'ByteString', address: '%MW200', length: 3 },
    ],
  }
  const serial = { path: line.ours, baudRate: 115_200, parity: 'none' }
  const plant = later(
    (folder) => folder.remove(),
    await writePlant([
      { ...ofMeter, devices: [first, rich] },
      {
        ...{ key: 'to-serial', kind: 'modbus', transport: 'rtu', serial },
        devices: [{ key: 'serial', unitId: 1, poll: '100ms', tags: [power] }],
      },
      modbus('mortal', mortal.port, [level, { ...level, key: 'soon-bad', badAfter: '2s' }]),
      modbus('nobody', 9, [level]),
      s7Source(plc.port, [
        { key: 'temperature', type: 'Float', address: 'DB1,REAL4' },
        { key: 'running', type: 'Boolean', address: 'DB1,X0.3' },
      ]),
    ]),
  )
  later((running) => running.stop(), await startGatewayOf(plant))
  scada = later((client) => client.end(), await ScadaClient.connect(plant.endpointUrl))
}, 120_000)
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 20_000, interval: 50 })
const statuses = (seen: () => Shown[]) => [...new Set(seen().map(({ status }) => status))]

describe('a Modbus register', () => {
  it('that changes on the device arrives with value, type, status and source time', async () => {
    await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: 12.5 })
    const seen = await scada.watch('meter/power')
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 12.5, type: 'Float', status: 'Good' }))
    const before = Date.now()
    await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: -3.25 })
    await eventually(() => expect(seen().at(-1)).toMatchObject({ value: -3.25, status: 'Good' }))
    expect(seen().at(-1)?.sourceTime).toBeGreaterThanOrEqual(before)
    expect(seen().at(-1)?.sourceTime).toBeLessThanOrEqual(Date.now())
  })

  it('arrives from a serial line too', async () => {
    await eventually(async () =>
      expect(await scada.read('serial/power')).toMatchObject({ value: 12.5, status: 'Good' }),
    )
  })

  it('that does not exist is a configuration error of its tag alone', async () => {
    await eventually(async () =>
      expect(await scada.read('meter/gone')).toMatchObject({ status: 'BadConfigurationError' }),
    )
    expect(await scada.read('meter/there')).toMatchObject({ value: 7, status: 'Good' })
  })
})

describe('registers that are more than a number', () => {
  it('arrive as a date, an array and a text, written as the manual of the meter has them', async () => {
    await eventually(async () =>
      expect(await scada.read('rich/label')).toMatchObject({ value: 'kühl', type: 'String', status: 'Good' }),
    )
    expect(await scada.read('rich/currents')).toMatchObject({ value: Float32Array.of(1.5, -2.25), status: 'Good' })
    const made = new Date('2024-11-26T12:57:36.500Z')
    expect(await scada.read('rich/made')).toMatchObject({ value: made, type: 'DateTime', status: 'Good' })
    expect(await scada.read('rich/raw')).toMatchObject({ value: Buffer.of(0x6b, 0xfc, 0x68), type: 'ByteString' })
  })
})

describe('an S7 data block', () => {
  it('whose bytes change on the PLC arrives with value, type, status and source time', async () => {
    block.writeUInt8(0, 0)
    await plc.change(1, block)
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
    const level = await scada.watch('mortal/level')
    const soonBad = await scada.watch('mortal/soon-bad')
    await eventually(() => expect(level().at(-1)).toMatchObject({ value: 7, status: 'Good' }))
    const goodAt = level().at(-1)?.sourceTime
    const { port } = mortal
    await mortal.stop()
    await eventually(() => expect(level().at(-1)?.status).toBe('UncertainNoCommunicationLastUsableValue'))
    expect(level().at(-1)).toMatchObject({ value: 7 })
    expect(level().at(-1)?.sourceTime).toBeGreaterThanOrEqual(goodAt as number)
    await eventually(() => expect(soonBad().at(-1)).toMatchObject({ value: null, status: 'BadNoCommunication' }))
    expect(level().at(-1)?.status).toBe('UncertainNoCommunicationLastUsableValue')

    mortal = await PymodbusServer.start(port)
    await mortal.put({ area: 'holding', address: 0, encoding: 'uint16', value: 8 })
    await eventually(() => expect(soonBad().at(-1)).toMatchObject({ value: 8, status: 'Good' }))
    expect(statuses(level)).not.toContain('BadNoCommunication')
  })

  it('that never answered is BadNoCommunication, without a value', async () => {
    await eventually(async () =>
      expect(await scada.read('nobody/level')).toMatchObject({ value: null, status: 'BadNoCommunication' }),
    )
  })
})
