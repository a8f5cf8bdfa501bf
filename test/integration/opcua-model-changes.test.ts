import {
  AttributeIds,
  ClientMonitoredItem,
  type ClientSession,
  ClientSubscription,
  constructEventFilter,
  TimestampsToReturn,
  type Variant,
} from 'node-opcua'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plant, TagConfig } from '../../src/core/plant.ts'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'

const GENERAL = 'ns=0;i=2133'
const SEMANTIC = 'ns=0;i=2738'
const tank = (settings: Partial<TagConfig> = {}) => aModbusDevice('tank', [aTag('level', settings)])
const pump = aModbusDevice('pump', [aTag('speed'), aTag('flow')])
const before = aPlant([tank(), pump])

let room: RoomUnderTest
let session: ClientSession
let events: { type: string; changes: string[] }[] = []
beforeAll(async () => {
  room = await startRoom({ plant: before })
  session = await room.session()
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 100,
    publishingEnabled: true,
  })
  const item = ClientMonitoredItem.create(
    subscription,
    { nodeId: 'i=2253', attributeId: AttributeIds.EventNotifier },
    { samplingInterval: 0, queueSize: 100, filter: constructEventFilter(['EventType', 'Changes']) },
    TimestampsToReturn.Both,
  )
  item.on('changed', (fields: unknown) => {
    const [type, changes] = fields as Variant[]
    const all = (changes?.value ?? []) as { affected: { value: string | number }; verb?: number }[]
    const told = all.map(({ affected, verb }) => `${affected.value}${verb === undefined ? '' : ` ${verb}`}`)
    if (type && [GENERAL, SEMANTIC].includes(String(type.value)))
      events.push({ type: String(type.value), changes: told })
  })
  await new Promise<void>((resolve) => item.once('initialized', () => resolve()))
})
afterAll(() => room.end())
beforeEach(() => eventsOf(before))

const markers: string[] = []

/** Every model event of the change, once the client has got them all. */
async function eventsOf(plant: Plant) {
  const withMarkers = () => ({
    sources: [
      ...plant.sources,
      ...aPlant(
        markers.map((key) => aModbusDevice(key, [])),
        { key: 'markers' },
      ).sources,
    ],
  })
  await room.engine.changePlant(withMarkers())
  // A last change of its own shows that nothing else is on its way.
  const marker = `marker-${markers.length}`
  markers.push(marker)
  await room.engine.changePlant(withMarkers())
  const isMarked = ({ changes }: (typeof events)[number]) => changes.some((change) => change.startsWith(`${marker} `))
  await vi.waitFor(() => expect(events.some(isMarked)).toBe(true))
  const seen = events.slice(0, events.findIndex(isMarked))
  events = []
  return seen
}

const verbs = { added: 1, deleted: 2, referenceAdded: 4, referenceDeleted: 8, dataTypeChanged: 16 }

describe('GeneralModelChangeEvents (OPC 10000-3 §9.32)', () => {
  it('tell once of a device that comes, with what it stands in', async () => {
    const [event, ...more] = await eventsOf(aPlant([tank(), pump, aModbusDevice('fan', [aTag('power')])]))

    expect(more).toEqual([])
    expect(event?.type).toBe(GENERAL)
    expect(event?.changes.toSorted()).toEqual(
      [
        `5001 ${verbs.referenceAdded}`,
        `#source/line/Devices ${verbs.referenceAdded}`,
        `#gateway/Plant ${verbs.referenceAdded}`,
        `fan ${verbs.added + verbs.referenceAdded}`,
        `fan/power ${verbs.added}`,
      ].toSorted(),
    )
  })

  it('tell once of a device that goes', async () => {
    const [event, ...more] = await eventsOf(aPlant([tank()]))

    expect(more).toEqual([])
    expect(event?.changes).toEqual(
      expect.arrayContaining([
        `5001 ${verbs.referenceDeleted}`,
        `#gateway/Plant ${verbs.referenceDeleted}`,
        `pump/speed ${verbs.deleted}`,
      ]),
    )
  })

  it('tell of commands that a device takes from now on, and of those that it takes no more', async () => {
    const reset = { key: 'reset', name: 'Reset', parameters: [] }
    const withCommands = (...commands: object[]) => aPlant([tank(), { ...pump, commands } as typeof pump])
    const version = async () =>
      String((await session.read({ nodeId: nodeId('pump#Commands#NodeVersion') })).value.value)

    const [first, ...more] = await eventsOf(withCommands(reset))
    expect(more).toEqual([])
    expect(first?.changes).toEqual(
      expect.arrayContaining([
        `pump ${verbs.referenceAdded}`,
        `pump#Commands ${verbs.added + verbs.referenceAdded}`,
        `pump/commands/reset ${verbs.added}`,
        `pump/commands/reset#Status ${verbs.added}`,
      ]),
    )

    const before = await version()
    const [second] = await eventsOf(withCommands(reset, { ...reset, key: 'prime', name: 'Prime' }))
    expect(second?.changes.toSorted()).toEqual(
      [
        `pump#Commands ${verbs.referenceAdded}`,
        `pump#Commands#Requests ${verbs.referenceAdded}`,
        `pump/commands/prime ${verbs.added}`,
        `pump/commands/prime#Status ${verbs.added}`,
      ].toSorted(),
    )
    expect(await version()).not.toBe(before)

    const [third] = await eventsOf(withCommands())
    expect(third?.changes).toEqual(
      expect.arrayContaining([
        `pump ${verbs.referenceDeleted}`,
        `pump#Commands ${verbs.deleted}`,
        `pump/commands/reset ${verbs.deleted}`,
        `pump/commands/prime ${verbs.deleted}`,
      ]),
    )
  })

  it('tell of a tag of another type, and of nothing where only names and values are others', async () => {
    const [event] = await eventsOf(aPlant([tank({ type: 'Int32' }), pump]))
    expect(event?.changes).toEqual([`tank/level ${verbs.dataTypeChanged}`])

    expect(await eventsOf(aPlant([tank({ type: 'Int32', name: 'Level of the tank' }), pump]))).not.toContainEqual(
      expect.objectContaining({ changes: expect.arrayContaining([expect.stringMatching(/^tank/)]) }),
    )
  })
})

describe('NodeVersion', () => {
  const versionOf = async (id: string) =>
    BigInt((await session.read({ nodeId: nodeId(`${id}#NodeVersion`) })).value.value as string)

  it('is another on the node whose references are others, and on no other', async () => {
    const was = { pump: await versionOf('pump'), tank: await versionOf('tank') }

    await eventsOf(aPlant([tank(), aModbusDevice('pump', [aTag('speed')])]))

    expect(await versionOf('pump')).toBeGreaterThan(was.pump)
    expect(await versionOf('tank')).toBe(was.tank)
  })

  it('is told to whoever monitors it', async () => {
    const { values } = await watch(session, nodeId('#DeviceSet#NodeVersion'))
    await vi.waitFor(() => expect(values).toHaveLength(1))

    await eventsOf(aPlant([tank()]))

    await vi.waitFor(() => expect(values.length).toBeGreaterThan(1))
  })
})

describe('the SemanticsChanged bit (OPC 10000-8 §5.2)', () => {
  const range = { low: 0, high: 10 }
  const states = [
    { value: 0, name: 'Shut', codes: [] },
    { value: 1, name: 'Open', codes: [] },
  ]
  it.each<[string, Partial<TagConfig>, Partial<TagConfig>]>([
    ['another unit', { unit: 'bar' }, { unit: 'mbar' }],
    ['another range', { range }, { range: { low: 0, high: 20 } }],
    ['another range of its instrument', { instrumentRange: range }, { instrumentRange: { low: -5, high: 10 } }],
    ['a range in place of its unit', { unit: 'bar' }, { range }],
    ['a precision', {}, { transform: { round: 1 } }],
    ['names for its states', { type: 'Int16' }, { type: 'Int16', states }],
    [
      'other names for its states',
      { type: 'Boolean', states },
      { type: 'Boolean', states: [{ value: 1, name: 'On', codes: [] }] },
    ],
  ])('comes with the next value of a tag that has got %s, and one event names the tag', async (_what, was, is) => {
    const value = was.type === 'Boolean' ? true : 1
    await eventsOf(aPlant([tank(was), pump]))
    room.engine.pipeline.polled(room.engine.tag('tank/level'), value)
    const { values } = await watch(session, nodeId('tank/level'))
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(value))
    expect(values.at(-1)?.statusCode.hasSemanticChangedBit).toBe(false)

    const told = await eventsOf(aPlant([tank(is), pump]))

    await vi.waitFor(() => expect(values.some(({ statusCode }) => statusCode.hasSemanticChangedBit)).toBe(true))
    expect(told).toContainEqual({ type: SEMANTIC, changes: ['tank/level'] })
  })
})
