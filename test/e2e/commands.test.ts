import { AttributeIds, DataType, type Variant } from 'node-opcua'
import { beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Transmission } from '../../src/demo/chirpstack/downlinks.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { SITE_APPLICATION, setUp, siteOf } from '../support/chirpstack-site.ts'
import { freePort } from '../support/free-port.ts'
import { API_KEY_ENV, modbusSource, s7Source, writePlant } from '../support/gateway.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { shared } from '../support/shared.ts'
import { Snap7Plc } from '../support/snap7.ts'

/** From an OPC UA client to a device that acts, and back, through the whole gateway. */
const ends: (() => Promise<unknown> | unknown)[] = []
const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 20_000, interval: 50 })
const GATEWAY_ID = '0016c001f1500001'

let meter: PymodbusServer
let lostPort: number
let chirpStack: SimulatedChirpStack
let groupId: string
/** What went over the air in this test. */
let received: Transmission[] = []
/** Two clients of one gateway, whose only user may write. */
let scada: ScadaClient
let other: ScadaClient

async function begin(): Promise<void> {
  meter = await PymodbusServer.start()
  ends.push(() => meter.stop())
  await meter.put({ area: 'holding', address: 4, encoding: 'float32', value: 12.5 })
  await meter.put({ area: 'holding', address: 0, encoding: 'uint16', value: 1 })
  const plc = await Snap7Plc.start(new Map([[1, Buffer.alloc(8)]]))
  ends.push(() => plc.stop())
  chirpStack = new SimulatedChirpStack({
    clock: systemClock,
    onTransmit: (transmission) => received.push(transmission),
  })
  ends.push(() => chirpStack.close())
  setUp(chirpStack, siteOf([HALL, OFFICE], { gateways: [{ gatewayId: GATEWAY_ID, tenantId: TENANT, name: 'Roof' }] }))
  const members = { devEuis: [HALL, OFFICE], gatewayIds: [GATEWAY_ID] }
  groupId = chirpStack.directory.addMulticastGroup({ applicationId: SITE_APPLICATION, name: 'Lamps', ...members }).id
  lostPort = await freePort()
  const level = { key: 'level', type: 'UInt16', address: 'holding:0', access: 'readWrite' }
  const setpoint = { key: 'setpoint', type: 'Float', address: 'holding:4', access: 'readWrite' }
  const position = {
    key: 'position',
    parameters: [{ key: 'value', type: 'Byte', range: { low: 0, high: 100 } }],
    downlink: { fPort: 10, confirmed: true, payload: [{ hex: '01' }, { value: '$value' }] },
  }
  const dim = {
    key: 'dim',
    parameters: [{ key: 'level', type: 'Byte' }],
    downlink: { fPort: 10, payload: [{ value: '$level' }] },
  }
  const queue = { key: 'queue', type: 'UInt32', address: 'group:queue' }
  const url = `http://127.0.0.1:${await chirpStack.listen()}`
  const devices = [
    { key: 'valve', devEui: HALL, commands: [position] },
    { key: 'lamps', multicastGroup: groupId, tags: [queue], commands: [dim] },
  ]
  const plant = await writePlant(
    [
      modbusSource(meter.port, [
        level,
        { ...setpoint, range: { low: 0, high: 100 } },
        { key: 'raw', type: 'UInt32', address: 'holding:4', encoding: 'uint32' },
      ]),
      { ...modbusSource(lostPort, [level], { key: 'far' }), key: 'lost' },
      s7Source(plc.port, [{ key: 'speed', type: 'Float', address: 'DB1,REAL4', access: 'readWrite' }]),
      { key: 'lora', kind: 'chirpstack', url, tenantId: TENANT, devices },
    ],
    { [API_KEY_ENV]: TENANT_KEY },
    'Operator',
  )
  ends.push(() => plant.remove())
  const gateway = await startGatewayOf(plant)
  ends.push(() => gateway.stop())
  scada = await ScadaClient.connect(plant.endpointUrl)
  ends.push(() => scada.end())
  other = await ScadaClient.connect(plant.endpointUrl)
  ends.push(() => other.end())
}
shared(begin, async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
beforeEach(() => {
  received = []
})

const write = async (client: ScadaClient, id: string, value: Pick<Variant, 'dataType' | 'value'>): Promise<string> => {
  const attributeId = AttributeIds.Value
  const status = await client.session.write({ nodeId: client.nodeId(id), attributeId, value: { value } })
  return status.name
}

it('a set point that is written is in the register, read back, and shown', async () => {
  await eventually(async () => expect(await scada.read('meter/setpoint')).toMatchObject({ status: 'Good' }))
  const seen = await scada.watch('meter/setpoint')
  expect(await write(scada, 'meter/setpoint', { dataType: DataType.Float, value: 21.5 })).toBe('Good')
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 21.5, status: 'Good' }))
  // 21.5 as the device holds it.
  await eventually(async () => expect(await scada.read('meter/raw')).toMatchObject({ value: 0x41ac0000 }))

  expect(await write(scada, 'meter/setpoint', { dataType: DataType.Float, value: 101 })).toBe('BadOutOfRange')
  expect(await write(scada, 'meter/setpoint', { dataType: DataType.Double, value: 5 })).toBe('BadTypeMismatch')
  expect(await write(scada, 'meter/raw', { dataType: DataType.UInt32, value: 1 })).toBe('BadNotWritable')
  expect(await scada.read('meter/setpoint')).toMatchObject({ value: 21.5, status: 'Good' })
})

it('two clients that write at once are each answered with what became of theirs, and the device holds the last', async () => {
  await eventually(async () => expect(await scada.read('meter/level')).toMatchObject({ status: 'Good' }))
  const newest = async () => ((await scada.read('meter#Commands#CommandId')).value as [number, number] | null)?.[1] ?? 0
  const before = await newest()
  const twenty = Array.from({ length: 20 }, (_, at) => at)
  const answers = await Promise.all(
    twenty.map((at) =>
      write(at % 2 === 0 ? scada : other, 'meter/level', { dataType: DataType.UInt16, value: 100 + at }),
    ),
  )
  // Each was read back as its own before the next one went out; one that waited for the others is told so.
  expect(answers.filter((answer) => !['Good', 'GoodCompletesAsynchronously'].includes(answer))).toEqual([])
  await eventually(async () => {
    expect((await scada.read('meter#Commands#QueueLength')).value).toBe(0)
    expect(await newest()).toBe(before + 20)
    expect((await scada.read('meter#Commands#State')).value).toBe(4)
  })
  const held = await scada.read('meter/level')
  expect(held.value).toBeGreaterThanOrEqual(100)
  expect(await other.read('meter/level')).toMatchObject({ value: held.value, status: 'Good' })
})

it('a device that is gone takes no write, and says why', async () => {
  const far = await PymodbusServer.start(lostPort)
  await far.put({ area: 'holding', address: 0, encoding: 'uint16', value: 1 })
  ends.push(() => far.stop())
  await eventually(async () => expect(await scada.read('far/level')).toMatchObject({ status: 'Good' }))
  await far.stop()
  await eventually(async () =>
    expect((await scada.read('far/level')).status).toBe('UncertainNoCommunicationLastUsableValue'),
  )
  expect(await write(scada, 'far/level', { dataType: DataType.UInt16, value: 2 })).toBe('BadNoCommunication')
})

it('a value that is written to a PLC is in its data block', async () => {
  await eventually(async () => expect((await scada.read('plc/speed')).status).toBe('Good'))
  expect(await write(scada, 'plc/speed', { dataType: DataType.Float, value: -2.5 })).toBe('Good')
  await eventually(async () => expect(await scada.read('plc/speed')).toMatchObject({ value: -2.5, status: 'Good' }))
})

it('a command is a method whose bytes go to the LoRaWAN device after its next uplink, and whose state shows', async () => {
  await eventually(() => expect(chirpStack.openStreams(HALL)).toBe(1))

  const objectId = scada.nodeId('valve#Commands')
  const methodId = scada.nodeId('valve/commands/position')
  const call = (value: number) =>
    scada.session.call({ objectId, methodId, inputArguments: [{ dataType: DataType.Byte, value }] })
  expect((await call(101)).statusCode.name).toBe('BadInvalidArgument')
  expect((await call(50)).statusCode.isGood()).toBe(true)
  await eventually(async () => expect(chirpStack.queues.of(HALL).length).toBe(1))
  expect(received).toEqual([])
  chirpStack.uplink(HALL, {})
  await eventually(() => expect(received.map(({ data }) => data.toString('hex'))).toEqual(['0132']))
  chirpStack.uplink(HALL, { ack: true })
  await eventually(async () =>
    expect((await scada.read('valve#Commands#Reason')).value).toBe('The device acknowledged it.'),
  )
})

it('a multicast group is a device whose command every device of the group hears, and whose state says who sent it', async () => {
  await eventually(async () => expect(await scada.read('lamps/queue')).toMatchObject({ value: 0, status: 'Good' }))
  expect((await scada.read('lamps#MulticastGroupId')).value).toBe(groupId)

  expect(await write(scada, 'lamps/commands/dim/request', { dataType: DataType.Byte, value: 42 })).toMatch(/^Good/)
  await eventually(async () =>
    expect((await scada.read('lamps#Commands#Reason')).value).toMatch(
      /^Sent by the gateway 0016c001f1500001\. The devices/,
    ),
  )
  expect(received.map(({ devEui, data }) => [devEui, data.toString('hex')])).toEqual([
    [HALL, '2a'],
    [OFFICE, '2a'],
  ])
})
