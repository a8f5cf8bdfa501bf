import { AttributeIds, BrowseDirection, type ClientSession, type DataValue, StatusCodes } from 'node-opcua'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'

const PLANT = '#gateway/Plant'
const pump = (folder?: string) => aModbusDevice('pump', [aTag('speed')], { name: 'Pump', folder })
const tank = (folder?: string) => aModbusDevice('tank', [aTag('level')], { name: 'Tank', folder })

let room: RoomUnderTest
let session: ClientSession
const before = aPlant([pump('Hall 1/Line 2'), tank('Hall 1')])
beforeAll(async () => {
  room = await startRoom({ plant: before })
  session = await room.session()
})
afterAll(() => room.end())
beforeEach(() => room.engine.changePlant(before))

const organized = async (id: string) => {
  const { references } = await session.browse({
    nodeId: nodeId(id),
    referenceTypeId: 'Organizes',
    browseDirection: BrowseDirection.Forward,
    resultMask: 63,
  })
  return (references ?? []).map(({ nodeId, displayName }) => [String(nodeId.value), displayName.text]).toSorted()
}
const statusOf = async (id: string) =>
  (await session.read({ nodeId: nodeId(id), attributeId: AttributeIds.NodeClass })).statusCode
const versionOf = async (path: string) =>
  Number((await session.read({ nodeId: nodeId(`#folder-version/${path}`) })).value.value as string)

it('the operator’s folders hold the devices of the plant, which are the nodes of DeviceSet', async () => {
  expect(await organized(PLANT)).toEqual([['#folder/Hall 1', 'Hall 1']])
  expect(await organized('#folder/Hall 1')).toEqual([
    ['#folder/Hall 1/Line 2', 'Line 2'],
    ['tank', 'Tank'],
  ])
  expect(await organized('#folder/Hall 1/Line 2')).toEqual([['pump', 'Pump']])
})

it('a device without a folder stands in the plant itself', async () => {
  await room.engine.changePlant(aPlant([pump(), tank('Hall 1')]))

  expect(await organized(PLANT)).toEqual([
    ['#folder/Hall 1', 'Hall 1'],
    ['pump', 'Pump'],
  ])
})

it('a device that moves is the same node to its subscriber, and folders that it leaves empty go', async () => {
  room.engine.pipeline.polled(room.engine.tag('pump/speed'), 1)
  const { values } = await watch(session, nodeId('pump/speed'))
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(1))
  const version = await versionOf('Hall 1')

  await room.engine.changePlant(aPlant([pump('Hall 2'), tank('Hall 1')]))

  expect(await organized(PLANT)).toEqual([
    ['#folder/Hall 1', 'Hall 1'],
    ['#folder/Hall 2', 'Hall 2'],
  ])
  expect(await organized('#folder/Hall 2')).toEqual([['pump', 'Pump']])
  expect(await statusOf('#folder/Hall 1/Line 2')).toBe(StatusCodes.BadNodeIdUnknown)
  expect(await versionOf('Hall 1')).toBeGreaterThan(version)
  room.engine.pipeline.polled(room.engine.tag('pump/speed'), 2)
  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(2))
  expect(values.map(({ statusCode }: DataValue) => statusCode.isGoodish())).not.toContain(false)
})

it('a folder that gets another name keeps what stands in it', async () => {
  await room.engine.changePlant(aPlant([pump('North/Line 2'), tank('North')]))

  expect(await organized(PLANT)).toEqual([['#folder/North', 'North']])
  expect(await organized('#folder/North/Line 2')).toEqual([['pump', 'Pump']])
  expect(await statusOf('tank/level')).toBe(StatusCodes.Good)
  expect(await statusOf('#folder/Hall 1')).toBe(StatusCodes.BadNodeIdUnknown)
})

it('a folder may be called like anything else', async () => {
  const names = ['Line #2', 'Line', 'Line#NodeVersion', 'Line/#NodeVersion', '#gateway', 'NodeVersion']
  const pumps = names.map((folder, number) => aModbusDevice(`pump-${number}`, [], { folder }))

  await room.engine.changePlant(aPlant(pumps))

  for (const [number, name] of names.entries()) {
    expect((await organized(`#folder/${name}`)).map(([id]) => id)).toContain(`pump-${number}`)
  }
})

it('folders go with the last device in them, and never take another along', async () => {
  await room.engine.changePlant(aPlant([tank('Hall 1')]))
  expect(await organized('#folder/Hall 1')).toEqual([['tank', 'Tank']])
  expect(await statusOf('pump')).toBe(StatusCodes.BadNodeIdUnknown)

  await room.engine.changePlant(aPlant([]))
  expect(await organized(PLANT)).toEqual([])
})

it('a device that changes its source stays in its folder', async () => {
  const west = aPlant([pump('Hall 1/Line 2'), tank('Hall 1')], { key: 'west', name: 'West' })

  await room.engine.changePlant(west)

  expect(await organized('#folder/Hall 1/Line 2')).toEqual([['pump', 'Pump']])
  expect(await organized('#source/west/Devices')).toEqual([
    ['pump', 'Pump'],
    ['tank', 'Tank'],
  ])
})
