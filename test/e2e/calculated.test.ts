import { beforeEach, describe, expect, it, vi } from 'vitest'
import { formatProblem } from '../../src/core/problem.ts'
import type { Gateway } from '../../src/main.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, TENANT_KEY } from '../support/chirpstack-server.ts'
import { API_KEY_ENV, modbusSource, type PlantFolder, writePlant } from '../support/gateway.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { shared } from '../support/shared.ts'

/** From registers and uplinks as devices say them to what an OPC UA client reads: transformed, and calculated with. */
let server: ChirpStackServer
let meter: PymodbusServer
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 30_000, interval: 50 })

const registers = [
  {
    key: 'supply',
    type: 'Double',
    address: 'holding:0',
    encoding: 'int16',
    unit: '°C',
    range: { low: -40, high: 150 },
    transform: { noSensor: [-32_768], scale: 0.1, from: '°F' },
  },
  { key: 'level', type: 'Double', address: 'holding:1', encoding: 'uint16', deadband: 5 },
]
const sums = [
  { key: 'difference', type: 'Double', unit: '°C', expression: '[meter/supply] - [hall/temperature]' },
  { key: 'warm', type: 'Boolean', expression: '[sums/difference] > 30 && good([meter/supply])' },
]

const sourcesWith = (tags: readonly object[], calculated: readonly object[]) => [
  modbusSource(meter.port, tags),
  {
    key: 'lora',
    kind: 'chirpstack',
    url: `http://127.0.0.1:${server.port}`,
    tenantId: TENANT,
    devices: [{ key: 'hall', devEui: HALL, tags: [{ key: 'temperature', type: 'Double', address: 'object.t' }] }],
  },
  { key: 'balance', kind: 'calculated', devices: [{ key: 'sums', name: 'Balance', tags: calculated }] },
]

const put = (address: number, encoding: 'int16' | 'uint16', value: number) =>
  meter.put({ area: 'holding', address, encoding, value })

const asBefore = async () => {
  await put(0, 'int16', 1_580)
  await put(1, 'uint16', 100)
}

shared(
  async () => {
    server = await ChirpStackServer.start([HALL])
    meter = await PymodbusServer.start()
    await asBefore()
    plant = await writePlant(sourcesWith(registers, sums), { [API_KEY_ENV]: TENANT_KEY })
    gateway = await startGatewayOf(plant)
    scada = await ScadaClient.connect(plant.endpointUrl)
    await eventually(() => expect(server.chirpStack.openStreams(HALL)).toBe(1))
  },
  async () => {
    await scada?.end()
    await gateway?.stop()
    await meter?.stop()
    await server?.chirpStack.close()
    plant?.remove()
  },
)
beforeEach(async () => {
  await asBefore()
  await eventually(async () => expect(await scada.read('meter/supply')).toMatchObject({ value: 70, status: 'Good' }))
})

/** Rejects with what is wrong with it. */
async function change(tags: readonly object[], calculated: readonly object[]): Promise<void> {
  const text = JSON.stringify({ ...JSON.parse(plant.text), sources: sourcesWith(tags, calculated) })
  const by = { user: 'olga', origin: 'cli' } as const
  const applied = await gateway.configuration.apply({ draft: { text }, by, comment: '' })
  if ('problems' in applied) throw new Error(applied.problems.map(formatProblem).join(' '))
  expect(applied).toMatchObject({ ok: true, live: true })
}

it('a client reads registers as the engineer means them, and what is calculated of them and of an uplink', async () => {
  await eventually(async () => expect(await scada.read('meter/supply')).toMatchObject({ value: 70, status: 'Good' }))
  expect(await scada.read('sums/difference')).toMatchObject({ status: 'BadWaitingForInitialData' })
  server.chirpStack.uplink(HALL, { object: { t: 21.5 } })
  await eventually(async () =>
    expect(await scada.read('sums/difference')).toMatchObject({ value: 48.5, type: 'Double', status: 'Good' }),
  )
  expect(await scada.read('sums/warm')).toMatchObject({ value: true, type: 'Boolean', status: 'Good' })
  expect(await scada.displayName('sums')).toBe('Balance')
  const { references } = await scada.session.browse({
    nodeId: scada.nodeId('sums'),
    referenceTypeId: 'HasTypeDefinition',
    resultMask: 63,
  })
  expect(references?.map(({ browseName }) => browseName.name)).toEqual(['CalculatedDeviceType'])
  const [balance] = (await gateway.health()).engine?.sources.filter(({ key }) => key === 'balance') ?? []
  expect(balance).toMatchObject({ state: 'connected', devices: [{ key: 'sums', state: 'online' }] })

  await put(0, 'int16', -32_768)
  await eventually(async () => expect(await scada.read('meter/supply')).toMatchObject({ status: 'BadSensorFailure' }))
  await eventually(async () =>
    expect(await scada.read('sums/difference')).toMatchObject({ status: 'BadSensorFailure' }),
  )
})

it('a step within the deadband reaches no client, and the steps together do', async () => {
  await eventually(async () => expect(await scada.read('meter/level')).toMatchObject({ value: 100 }))
  const seen = await scada.watch('meter/level')
  for (const level of [103, 105, 107]) {
    await put(1, 'uint16', level)
    const before = (await gateway.health()).engine?.sources[0]?.counters.requests ?? 0
    await eventually(async () =>
      expect((await gateway.health()).engine?.sources[0]?.counters.requests).toBeGreaterThan(before + 2),
    )
  }
  await eventually(() => expect(seen().at(-1)?.value).toBe(107))
  expect(seen().map(({ value }) => value)).toEqual([100, 107])
})

describe('while the gateway runs', () => {
  it('an input may get another key, and what is calculated of it follows without a restart', async () => {
    server.chirpStack.uplink(HALL, { object: { t: 20 } })
    await eventually(async () => expect(await scada.read('sums/difference')).toMatchObject({ value: 50 }))
    const renamed = [{ ...registers[0], key: 'flow-line' }, ...registers.slice(1)]
    await expect(change(renamed, sums)).rejects.toThrow('The plant has no tag meter/supply.')
    await change(renamed, [{ ...sums[0], expression: '[meter/flow-line] * 2' }, sums[1]].slice(0, 1) as object[])
    await eventually(async () =>
      expect(await scada.read('sums/difference')).toMatchObject({ value: 140, status: 'Good' }),
    )
    await change(registers, sums)
    await eventually(async () =>
      expect(await scada.read('sums/difference')).toMatchObject({ value: 50, status: 'Good' }),
    )
  })
})

it('a configuration in which tags need one another is refused with the chain', async () => {
  const circular = [
    { key: 'a', type: 'Double', expression: '[sums/b] + 1' },
    { key: 'b', type: 'Double', expression: '[sums/a] + 1' },
  ]
  await expect(change(registers, circular)).rejects.toThrow(/sums\/a needs sums\/b needs sums\/a/)
})
