import {
  AttributeIds,
  BrowseDirection,
  type ClientSession,
  DataType,
  type DataValue,
  MonitoringMode,
  StatusCodes,
} from 'node-opcua'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TagConfig } from '../../src/core/plant.ts'
import { monitor, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'
import { shared } from '../support/shared.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'

const speed = aTag('speed', { unit: 'rpm', range: { low: 0, high: 3_000 } })
const pump = aModbusDevice('pump', [speed, aTag('flow')])
const tank = aModbusDevice('tank', [aTag('level')])
const before = aPlant([pump, tank])

let room: RoomUnderTest
let session: ClientSession
let namespace: number
shared(
  async () => {
    room = await startRoom({ plant: aPlant([]) })
  },
  async () => room?.end(),
)
// Each test has the plant anew, with tags that never had a value, and a client of its own.
beforeEach(async () => {
  await room.engine.changePlant(before)
  session = await room.session()
  namespace = (await session.readNamespaceArray()).indexOf('urn:penstock:plant')
})
afterEach(async () => {
  await session.close()
  await room.leave()
  await room.engine.changePlant(aPlant([]))
})

const nodeId = (id: string) => `ns=${namespace};s=${id}`
const read = (id: string, attributeId = AttributeIds.Value) => session.read({ nodeId: nodeId(id), attributeId })

async function browse(id: string): Promise<string[]> {
  const { references } = await session.browse(nodeId(id))
  return (references ?? []).map(({ browseName }) => browseName.name ?? '').filter((name) => name !== 'NodeVersion')
}

it('a device that is added can be read, browsed and subscribed, and nobody else notices', async () => {
  const { engine } = room
  engine.pipeline.polled(engine.tag('tank/level'), 5)
  const { values } = await watch(session, nodeId('tank/level'))
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(5))
  const seen = values.length
  await engine.changePlant(aPlant([pump, tank, aModbusDevice('fan', [aTag('power')])]))
  expect((await read('fan/power')).statusCode).toBe(StatusCodes.BadWaitingForInitialData)
  engine.pipeline.polled(engine.tag('fan/power'), 7)
  const fan = await watch(session, nodeId('fan/power'))
  await vi.waitFor(() => expect(fan.values.at(-1)?.value.value).toBe(7))
  expect(await browse('fan')).toContain('power')
  expect(await browse('#source/line/Devices')).toEqual(['pump', 'tank', 'fan'])
  expect(values).toHaveLength(seen)
  engine.pipeline.polled(engine.tag('tank/level'), 6)
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(6))
})

it('a device that is removed is unknown, with all that belonged to it', async () => {
  await room.engine.changePlant(aPlant([tank]))
  for (const id of ['pump', 'pump/speed', 'pump/speed#EngineeringUnits', 'pump#DeviceHealth']) {
    expect((await read(id, AttributeIds.NodeClass)).statusCode, id).toBe(StatusCodes.BadNodeIdUnknown)
  }
  expect(await browse('#source/line/Devices')).toEqual(['tank'])
})

it('a tag that comes back has a value again', async () => {
  const { engine } = room
  await engine.changePlant(aPlant([aModbusDevice('pump', [speed]), tank]))
  expect((await read('pump/flow')).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  await engine.changePlant(before)
  engine.pipeline.polled(engine.tag('pump/flow'), 3)
  await vi.waitFor(async () => expect((await read('pump/flow')).value.value).toBe(3))
})

it('names, units and limits change on the node that clients know, and its subscription goes on', async () => {
  const { engine } = room
  engine.pipeline.polled(engine.tag('pump/speed'), 100)
  const { values } = await watch(session, nodeId('pump/speed'))
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(100))
  const faster = { ...speed, name: 'Shaft speed', unit: '1/s', range: { low: 0, high: 50 } }
  const fed = aModbusDevice('pump', [faster, aTag('flow')], { name: 'Feed pump', model: 'NK 80' })
  await engine.changePlant(aPlant([fed, tank]))
  expect((await read('pump', AttributeIds.DisplayName)).value.value.text).toBe('Feed pump')
  expect((await read('pump#Model')).value.value.text).toBe('NK 80')
  expect((await read('pump/speed', AttributeIds.DisplayName)).value.value.text).toBe('Shaft speed')
  expect((await read('pump/speed#EURange')).value.value).toMatchObject({ low: 0, high: 50 })
  await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.UncertainEngineeringUnitsExceeded))
  engine.pipeline.polled(engine.tag('pump/speed'), 20)
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(20))
})

const typeOf = async (id: string) => {
  const { references } = await session.browse({
    nodeId: nodeId(id),
    referenceTypeId: 'HasTypeDefinition',
    browseDirection: BrowseDirection.Forward,
    resultMask: 63,
  })
  return (references ?? []).map(({ browseName }) => browseName.name)
}

const range = { low: 0, high: 100 }
it.each<[string, Partial<TagConfig>, Partial<TagConfig>, string, string[]]>([
  ['gets a unit', {}, { unit: 'bar' }, 'AnalogUnitType', ['EngineeringUnits']],
  ['loses its unit', { unit: 'bar' }, {}, 'BaseDataVariableType', []],
  ['gets a range', {}, { range }, 'AnalogItemType', ['EURange']],
  ['loses its range', { unit: 'bar', range }, { unit: 'bar' }, 'AnalogUnitType', ['EngineeringUnits']],
  ['gets both', {}, { unit: 'bar', range }, 'AnalogUnitRangeType', ['EURange', 'EngineeringUnits']],
  ['is of another type', { type: 'Double' }, { type: 'Int32' }, 'BaseDataVariableType', []],
  ['is text from now on', { unit: 'bar', range }, { type: 'String', unit: 'bar', range }, 'BaseDataVariableType', []],
  [
    'is a number from now on',
    { type: 'Boolean' },
    { type: 'UInt16', unit: 'bar' },
    'AnalogUnitType',
    ['EngineeringUnits'],
  ],
])('whoever watches a tag that %s goes on getting its values', async (_case, was, is, type, properties) => {
  const { engine } = room
  const plant = (rest: Partial<TagConfig>) => aPlant([pump, aModbusDevice('tank', [aTag('level', rest)])])
  const value = (of: Partial<TagConfig>) => (of.type === 'String' ? 'full' : of.type === 'Boolean' ? true : 7)
  await engine.changePlant(plant(was))
  engine.pipeline.polled(engine.tag('tank/level'), value(was))
  const { values } = await watch(session, nodeId('tank/level'))
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(value(was)))

  await engine.changePlant(plant(is))
  engine.pipeline.polled(engine.tag('tank/level'), value(is) === 7 ? 8 : value(is))

  await vi.waitFor(() => {
    const { value: last, statusCode } = values.at(-1) as DataValue
    expect(last.value).toBe(value(is) === 7 ? 8 : value(is))
    expect(DataType[last.dataType]).toBe(is.type ?? 'Double')
    expect(statusCode.isGoodish()).toBe(true)
  })
  expect(values.map(({ statusCode }) => statusCode.name).filter((name) => name.startsWith('BadNodeId'))).toEqual([])
  expect(await typeOf('tank/level')).toEqual([type])
  expect((await browse('tank/level')).sort()).toEqual(properties)
  const dataType = await read('tank/level', AttributeIds.DataType)
  expect(dataType.value.value.value).toBe(DataType[is.type ?? 'Double'])
  expect((await read('tank/level')).statusCode.isGoodish()).toBe(true)
})

it('a unit that is added is said with the next value: its meaning has changed', async () => {
  const { engine } = room
  engine.pipeline.polled(engine.tag('tank/level'), 5)
  const { values } = await watch(session, nodeId('tank/level'))
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(5))

  await engine.changePlant(aPlant([pump, aModbusDevice('tank', [aTag('level', { unit: 'm' })])]))

  await vi.waitFor(() => expect(values.at(-1)?.statusCode.hasSemanticChangedBit).toBe(true))
  expect(values.at(-1)?.value.value).toBe(5)
  expect((await read('tank/level#EngineeringUnits')).value.value.displayName.text).toBe('m')
})

describe('who watches a tag that is removed', () => {
  const without = aPlant([pump])
  const last = (values: DataValue[]) => values.at(-1)?.statusCode
  const watched = async () => {
    const { engine } = room
    engine.pipeline.polled(engine.tag('tank/level'), 5)
    const found = await watch(session, nodeId('tank/level'))
    await vi.waitFor(() => expect(found.values.at(-1)?.value.value).toBe(5))
    return found
  }
  const gone = async () => {
    const found = await watched()
    await room.engine.changePlant(without)
    await vi.waitFor(() => expect(last(found.values)).toBe(StatusCodes.BadNodeIdUnknown))
    return found
  }

  it('is told so once, and gets its values when it comes back, each as it changes', async () => {
    const { engine } = room
    const { values } = await gone()
    expect(values).toHaveLength(2)

    await engine.changePlant(before)
    await vi.waitFor(() => expect(last(values)).toBe(StatusCodes.BadWaitingForInitialData))
    for (const value of [8, 9, 10]) {
      engine.pipeline.polled(engine.tag('tank/level'), value)
      await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(value))
    }
    expect(values).toHaveLength(6)

    await engine.changePlant(without)
    await vi.waitFor(() => expect(last(values)).toBe(StatusCodes.BadNodeIdUnknown))
    await engine.changePlant(before)
    engine.pipeline.polled(engine.tag('tank/level'), 11)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(11))
  })

  it('goes on when the device has only moved to another source', async () => {
    const { values } = await watched()
    await room.engine.changePlant(aPlant([pump, tank], { key: 'west', name: 'West' }))

    room.engine.pipeline.polled(room.engine.tag('tank/level'), 6)

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(6))
  })

  it('can watch another of its attributes and its device all the same', async () => {
    const { subscription } = await watched()
    const names: DataValue[] = []
    const health: DataValue[] = []
    await monitor(subscription, nodeId('tank/level'), names, {}, AttributeIds.DisplayName)
    await monitor(subscription, nodeId('tank#DeviceHealth'), health)
    await room.engine.changePlant(without)
    for (const values of [names, health]) {
      await vi.waitFor(() => expect(last(values)).toBe(StatusCodes.BadNodeIdUnknown))
    }

    await room.engine.changePlant(aPlant([pump, aModbusDevice('tank', [aTag('level', { name: 'Fill level' })])]))

    await vi.waitFor(() => expect(names.at(-1)?.value.value?.text).toBe('Fill level'))
    await vi.waitFor(() => expect(last(health)).not.toBe(StatusCodes.BadNodeIdUnknown))
  })

  it('gets nothing while the item is disabled, and the truth when it is enabled', async () => {
    const { values, subscription } = await watched()
    const [item] = Object.values(subscription.monitoredItems)
    await item?.setMonitoringMode(MonitoringMode.Disabled)
    await room.engine.changePlant(without)

    await item?.setMonitoringMode(MonitoringMode.Reporting)
    await vi.waitFor(() => expect(last(values)).toBe(StatusCodes.BadNodeIdUnknown))
    await item?.setMonitoringMode(MonitoringMode.Disabled)
    await room.engine.changePlant(before)
    room.engine.pipeline.polled(room.engine.tag('tank/level'), 6)
    await vi.waitFor(async () => expect((await read('tank/level')).value.value).toBe(6))
    expect(last(values)).toBe(StatusCodes.BadNodeIdUnknown)

    await item?.setMonitoringMode(MonitoringMode.Reporting)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(6))
  })

  it('may change the item meanwhile', async () => {
    const { values, subscription } = await gone()
    const [item] = Object.values(subscription.monitoredItems)

    await item?.modify({ samplingInterval: 500, queueSize: 3, discardOldest: true })
    await room.engine.changePlant(before)
    room.engine.pipeline.polled(room.engine.tag('tank/level'), 6)

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(6))
  })
})

it('a source that is removed takes its devices along, and one that is added brings its own', async () => {
  const other = aPlant([aModbusDevice('valve', [aTag('position')])], { key: 'west', name: 'West' })
  await room.engine.changePlant(other)
  expect((await read('#source/line', AttributeIds.NodeClass)).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  expect((await read('tank/level')).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  room.engine.pipeline.polled(room.engine.tag('valve/position'), 1)
  await vi.waitFor(async () => expect((await read('valve/position')).value.value).toBe(1))
  expect(await browse('#gateway/Sources')).toEqual(['west'])
})

it('the names of a tag’s states change with it, and go with them', async () => {
  const { engine } = room
  const mode = (states?: TagConfig['states']) => aModbusDevice('tank', [aTag('level', { type: 'Int32', states })])
  await engine.changePlant(aPlant([pump, mode([{ value: 1, name: 'Open', codes: [] }])]))
  engine.pipeline.polled(engine.tag('tank/level'), 1)
  await vi.waitFor(async () => expect((await read('tank/level#ValueAsText')).value.value?.text).toBe('Open'))
  await engine.changePlant(aPlant([pump, mode([{ value: 2, name: 'Shut', codes: [] }])]))
  engine.pipeline.polled(engine.tag('tank/level'), 2)
  await vi.waitFor(async () => expect((await read('tank/level#ValueAsText')).value.value?.text).toBe('Shut'))
  await engine.changePlant(aPlant([pump, mode()]))
  expect((await read('tank/level#ValueAsText')).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  engine.pipeline.polled(engine.tag('tank/level'), 3)
  await vi.waitFor(async () => expect((await read('tank/level')).value.value).toBe(3))
})
