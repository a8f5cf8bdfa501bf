import {
  AttributeIds,
  BrowseDirection,
  type ClientSession,
  DataChangeFilter,
  DataChangeTrigger,
  DataType,
  DeadbandType,
  type ReferenceDescription,
  StatusCodes,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type SinkHealth, sinkStates } from '../../src/core/sink.ts'
import { connected, noCounters } from '../support/opcua-engine.ts'
import { smallPlant } from '../support/opcua-plant.ts'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'

const TYPES = 3
const DI = 2

const analog = [
  aTag('flow', { unit: 'm³/h', instrumentRange: { low: 0, high: 40 }, transform: { round: 2 } }),
  aTag('torque', { instrumentRange: { low: -5, high: 5 } }),
  aTag('index', { transform: { round: 0 } }),
]

let test: RoomUnderTest
let session: ClientSession

const sink: SinkHealth = {
  state: 'backoff',
  reason: 'db.plant.example does not answer',
  since: 0,
  waiting: 5_000_000_000,
  waitingBytes: 1,
  oldestAt: 0,
  sent: 0,
  failures: 1,
  lost: 7,
  unfit: 0,
  lastSentAt: null,
}

beforeAll(async () => {
  test = await startRoom({
    plant: { sources: [...smallPlant().sources, ...aPlant([aModbusDevice('burner', analog)]).sources] },
    prepare: ({ health }) => Object.assign(health, { sink }),
  })
  session = await test.session()
})
afterAll(() => test.end())

const value = async (id: string, attributeId = AttributeIds.Value): Promise<unknown> =>
  (await session.read({ nodeId: id, attributeId })).value.value

const references = async (id: string, referenceTypeId: string): Promise<ReferenceDescription[]> => {
  const result = await session.browse({
    nodeId: id,
    referenceTypeId,
    includeSubtypes: true,
    browseDirection: BrowseDirection.Forward,
    resultMask: 63,
  })
  return result.references ?? []
}
const names = async (id: string, referenceType: string) =>
  (await references(id, referenceType)).map(({ browseName }) => browseName.toString())
const typeOf = async (id: string) => (await references(id, 'HasTypeDefinition'))[0]?.nodeId.toString()

describe('the address space', () => {
  it('has its namespaces in the order that the NodeIds of clients rely on', async () => {
    expect(await value('i=2255')).toEqual([
      'http://opcfoundation.org/UA/',
      expect.stringMatching(/^urn:penstock:gateway:[0-9a-f-]{36}$/),
      'http://opcfoundation.org/UA/DI/',
      'urn:penstock:types',
      'urn:penstock:plant',
    ])
  })

  it('claims only the profiles that it has', async () => {
    const profiles = (await value('i=2269')) as string[]

    expect(profiles).toContain('http://opcfoundation.org/UA-Profile/Server/EmbeddedUA2017')
    expect(profiles).toContain('http://opcfoundation.org/UA-Profile/Server/HistoricalRawData')
    expect(profiles.join()).not.toMatch(/Modified|Annotation|Structured|HistoricalEvent|Standard|FileAccess|Events/)
  })

  it('derives the types of devices from DI, and every instance has what its type demands', async () => {
    for (const [device, type] of [
      ['meter', 1002],
      ['roof', 1008],
      ['lamps', 1010],
      ['boiler', 1003],
      ['press-cpu', 1004],
    ] as const) {
      expect(await typeOf(nodeId(device))).toBe(`ns=${TYPES};i=${type}`)
    }
    const mandatory = await mandatoryNames([`ns=${DI};i=1002`, `ns=${TYPES};i=1001`, `ns=${TYPES};i=1003`])
    expect(mandatory).toContain(`${DI}:SerialNumber`)
    expect(mandatory).toContain(`${TYPES}:UnitId`)
    expect(await names(nodeId('boiler'), 'Aggregates')).toEqual(expect.arrayContaining(mandatory))
    const ofGateway = await mandatoryNames([`ns=${DI};i=1002`, `ns=${TYPES};i=1001`, `ns=${TYPES};i=1008`])
    expect(ofGateway).toContain(`${TYPES}:GatewayId`)
    expect(await names(nodeId('roof'), 'Aggregates')).toEqual(expect.arrayContaining(ofGateway))
    expect(await value(nodeId('lamps#MulticastGroupId'))).toBe('3f0c7f8e-5c1b-4f0a-9a55-0c1d2e3f4a5b')
    expect(await names(nodeId('#source/line-1'), 'Aggregates')).toEqual(
      expect.arrayContaining(await mandatoryNames([`ns=${TYPES};i=1005`])),
    )
    expect(await names(nodeId('#gateway'), 'Aggregates')).toEqual(
      expect.arrayContaining(await mandatoryNames([`ns=${TYPES};i=1007`])),
    )
  })

  async function mandatoryNames(types: readonly string[]): Promise<string[]> {
    const members = (await Promise.all(types.map((type) => references(type, 'Aggregates')))).flat()
    const rules = await Promise.all(members.map((member) => references(member.nodeId.toString(), 'HasModellingRule')))
    return members
      .filter((_member, position) => rules[position]?.[0]?.nodeId.toString() === 'ns=0;i=78')
      .map(({ browseName }) => browseName.toString())
  }
})

describe('a device', () => {
  it('stands in DeviceSet by its key and shows its name', async () => {
    const devices = await references(`ns=${DI};i=5001`, 'HasComponent')

    expect(devices.map((device) => [device.nodeId.toString(), device.displayName.text])).toEqual(
      expect.arrayContaining([
        [nodeId('boiler'), 'Device boiler'],
        [nodeId('meter'), 'Device meter'],
        [nodeId('press-cpu'), 'Device press-cpu'],
      ]),
    )
  })

  it('can also be reached through its source', async () => {
    const devices = await references(nodeId('#source/field/Devices'), 'Organizes')

    expect(devices.map((device) => device.nodeId.toString())).toEqual([
      nodeId('meter'),
      nodeId('roof'),
      nodeId('lamps'),
    ])
  })

  it('identifies itself as configured; what nobody configured is not made up', async () => {
    expect(((await value(nodeId('boiler#Manufacturer'))) as { text: string }).text).toBe('ACME')
    expect(await value(nodeId('boiler#SerialNumber'))).toBe('0815')
    expect(await value(nodeId('boiler#UnitId'))).toBe(17)
    expect(await value(nodeId('boiler#PollPeriod'))).toBe(1_000)
    const revision = await session.read({ nodeId: nodeId('boiler#HardwareRevision') })
    expect(revision.statusCode).toBe(StatusCodes.BadNotSupported)
  })

  it('that is a LoRaWAN gateway has its id, also as its serial number', async () => {
    expect(await value(nodeId('roof#GatewayId'))).toBe('0016c001f1500001')
    expect(await value(nodeId('roof#SerialNumber'))).toBe('0016c001f1500001')
  })

  it('of a LoRaWAN network has its DevEUI, also as its serial number', async () => {
    expect(await value(nodeId('meter#DevEUI'))).toBe('0102030405060708')
    expect(await value(nodeId('meter#SerialNumber'))).toBe('0102030405060708')
  })
})

describe('a tag', () => {
  it.each([
    ['boolean', DataType.Boolean],
    ['sbyte', DataType.SByte],
    ['byte', DataType.Byte],
    ['int16', DataType.Int16],
    ['uint16', DataType.UInt16],
    ['int32', DataType.Int32],
    ['uint32', DataType.UInt32],
    ['int64', DataType.Int64],
    ['uint64', DataType.UInt64],
    ['float', DataType.Float],
    ['double', DataType.Double],
    ['string', DataType.String],
    ['bytestring', DataType.ByteString],
  ])('of type %s says so', async (key, dataType) => {
    expect(String(await value(nodeId(`boiler/${key}`), AttributeIds.DataType))).toBe(`ns=0;i=${dataType}`)
  })

  it('has its key as BrowseName, its name as DisplayName, its description, and can only be read', async () => {
    const id = nodeId('boiler/temperature')

    expect(String(await value(id, AttributeIds.BrowseName))).toBe('4:temperature')
    expect(await value(id, AttributeIds.DisplayName)).toMatchObject({ text: 'Name of temperature' })
    expect(await value(id, AttributeIds.Description)).toMatchObject({ text: 'Flow temperature' })
    expect(await value(id, AttributeIds.AccessLevel)).toBe(1)
    expect(await value(id, AttributeIds.UserAccessLevel)).toBe(1)
  })

  it('says how often it is read at the most, or that its device speaks by itself', async () => {
    expect(await value(nodeId('boiler/temperature'), AttributeIds.MinimumSamplingInterval)).toBe(1_000)
    expect(await value(nodeId('press-cpu/cycles'), AttributeIds.MinimumSamplingInterval)).toBe(500)
    expect(await value(nodeId('meter/energy'), AttributeIds.MinimumSamplingInterval)).toBe(0)
  })

  it.each([
    ['unit and range', 'boiler/temperature', 17_570, ['0:EngineeringUnits', '0:EURange']],
    ['a unit', 'boiler/pressure', 17_497, ['0:EngineeringUnits']],
    ['a range', 'boiler/level', 2_368, ['0:EURange']],
    [
      'a unit, a range of its instrument and a precision',
      'burner/flow',
      17_497,
      ['0:EngineeringUnits', '0:InstrumentRange', '0:ValuePrecision'],
    ],
    ['a range of its instrument', 'burner/torque', 15_318, ['0:InstrumentRange']],
    ['a precision', 'burner/index', 2_365, ['0:ValuePrecision']],
    ['none of these', 'boiler/double', 63, []],
  ])('with %s has the analog type that demands just that', async (_what, key, type, properties) => {
    expect(await typeOf(nodeId(key))).toBe(`ns=0;i=${type}`)
    expect((await names(nodeId(key), 'HasProperty')).map((name) => `0:${name.replace(/^0:/, '')}`)).toEqual(properties)
  })

  it('carries its UNECE unit code and its range', async () => {
    expect(await value(nodeId('boiler/temperature#EngineeringUnits'))).toMatchObject({
      namespaceUri: 'http://www.opcfoundation.org/UA/units/un/cefact',
      unitId: 4_408_652,
      displayName: { text: '°C' },
    })
    expect(await value(nodeId('boiler/temperature#EURange'))).toMatchObject({ low: -40, high: 120 })
  })

  it('carries the range of its instrument and its precision, which may change what it means', async () => {
    expect(await value(nodeId('burner/flow#InstrumentRange'))).toMatchObject({ low: 0, high: 40 })
    expect(await value(nodeId('burner/flow#ValuePrecision'))).toBe(2)
    expect(await value(nodeId('burner/flow#InstrumentRange'), AttributeIds.AccessLevel)).toBe(0x11)
  })

  it('can be monitored with a percent deadband when it has a range', async () => {
    const { Percent } = DeadbandType
    const filter = new DataChangeFilter({
      deadbandType: Percent,
      deadbandValue: 10,
      trigger: DataChangeTrigger.StatusValue,
    })
    const { values } = await watch(session, nodeId('boiler/level'), { filter, samplingInterval: 50 })
    const { pipeline } = test.engine
    const level = test.engine.tag('boiler/level')

    for (const [value, expected] of [
      [50, [50]],
      [55, [50]],
      [70, [50, 70]],
    ] as const) {
      pipeline.polled(level, value)
      await expect.poll(async () => (await session.read({ nodeId: nodeId('boiler/level') })).value.value).toBe(value)
      await vi.waitFor(() => expect(values.slice(1).map((seen) => seen.value.value)).toEqual(expected))
    }
  })
})

describe('the gateway', () => {
  const read = async (name: string) => (await session.read({ nodeId: nodeId(`#gateway/${name}`) })).value.value

  it('says of which version it is, since when it runs, and how much disk is free', async () => {
    expect(await read('Version')).toBe('1.2.3')
    expect(await read('StartTime')).toEqual(new Date(0))
    expect(await read('Uptime')).toBeGreaterThan(0)
    expect(await read('FreeDiskSpace')).toEqual([1, 705_032_704])
  })

  it('counts its sources, those that are connected, and samples that wait to be written', async () => {
    const [, , ...others] = test.engine.health.sources
    const stopped = { ...connected('line-1', []), state: 'stopped' as const }
    const lost = { ...connected('field', []), state: 'backoff' as const }
    expect([await read('SourceCount'), await read('SourcesConnected')]).toEqual([4, 4])

    test.engine.link.tell('sources', [stopped, lost, ...others])

    await expect.poll(async () => [await read('SourceCount'), await read('SourcesConnected')]).toEqual([3, 2])
    expect(await read('HistoryWaiting')).toEqual([0, 0])
    expect(await read('HistoryLost')).toEqual([0, 0])
    test.engine.link.tell('sources', test.engine.health.sources)
    await expect.poll(() => read('SourcesConnected')).toBe(4)
  })
})

describe('a gateway that sends its samples to PostgreSQL', () => {
  const read = async (name: string) => (await session.read({ nodeId: nodeId(`#gateway/${name}`) })).value.value

  it('says how that goes, why it does not, and what waits or was given up', async () => {
    expect(sinkStates[Number(await read('PostgresState'))]).toBe('backoff')
    expect(await read('PostgresReason')).toBe('db.plant.example does not answer')
    expect(await read('PostgresWaiting')).toEqual([1, 705_032_704])
    expect(await read('PostgresLost')).toEqual([0, 7])
  })
})

describe('a source', () => {
  it('shows what it is and where it connects to, never a password', async () => {
    expect(await value(nodeId('#source/field/Kind'))).toBe('chirpstack')
    expect(await value(nodeId('#source/field/Endpoint'))).toBe('http://chirpstack.example:8080')
    expect(await value(nodeId('#source/line-1/Endpoint'))).toBe('10.0.0.7:502')
  })

  it('shows how it and its devices are as soon as the engine says so, and ServiceLevel follows', async () => {
    const { values } = await watch(session, 'i=2267')
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(255))

    const healthy = test.engine.health.sources
    const down = {
      ...connected('line-1', []),
      state: 'backoff' as const,
      reason: 'no answer from 10.0.0.7:502',
      since: 1_750_000_000_000,
      counters: { ...noCounters, timeouts: 5_000_000_000 },
      devices: [{ key: 'boiler', state: 'offline' as const, reason: 'no answer' }],
    }
    test.engine.link.tell('sources', [down, ...healthy.slice(1)])

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(149))
    expect(await value(nodeId('#source/line-1/State'))).toBe(3)
    expect(await value(nodeId('#source/line-1/Reason'))).toBe('no answer from 10.0.0.7:502')
    expect(await value(nodeId('#source/line-1/Since'))).toEqual(new Date(1_750_000_000_000))
    expect(await value(nodeId('#source/line-1/Counters/Timeouts'))).toEqual([1, 705_032_704])
    expect(await value(nodeId('boiler#State'))).toBe(2)
    expect(await value(nodeId('boiler#DeviceHealth'))).toBe(1)
    test.engine.link.tell('sources', healthy)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(255))
  })
})
