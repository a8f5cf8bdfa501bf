import { AttributeIds, type ClientSession, type DataValue, StatusCodes } from 'node-opcua'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../support/manual-clock.ts'
import { EngineStandIn } from '../support/opcua-engine.ts'
import { modbusDevice, modbusPlant, smallPlant, tagConfig } from '../support/opcua-plant.ts'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'

const TAKEN_AT = 1_700_000_000_000
const PRESSURE = 'boiler/pressure'
/** Longer than a link waits to hear of the other end. */
const SILENCE = 4_000

let clock: ManualClock
let engineClock: ManualClock
let test: RoomUnderTest
let session: ClientSession
let values: DataValue[]

beforeEach(async () => {
  clock = new ManualClock()
  engineClock = new ManualClock()
  test = await startRoom({ clock, engineClock, prepare: pressureIs(7.25) })
  session = await test.session()
  values = (await watch(session, nodeId(PRESSURE))).values
  await vi.waitFor(() => expect(values).toHaveLength(1))
})
afterEach(() => test.end())

const pressureIs = (value: number) => (engine: EngineStandIn) => {
  engine.pipeline.event(engine.tag(PRESSURE), value, TAKEN_AT)
}
const last = () => values.at(-1)
const read = (id: string) => session.read({ nodeId: id, attributeId: AttributeIds.Value }, 3_600_000)

/** Lets the room's clock run until `check` holds. */
const eventually = (check: () => void) =>
  vi.waitFor(
    async () => {
      await clock.advance(500)
      check()
    },
    { timeout: 10_000 },
  )

describe('when the engine dies', () => {
  it('the last value is pushed as Uncertain, with its own source time, while the session lives on', async () => {
    test.engine.die()

    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue))
    expect(last()?.value.value).toBe(7.25)
    expect(last()?.sourceTimestamp).toEqual(new Date(TAKEN_AT))
    expect(test.room.health()).toMatchObject({ sessions: 1, subscriptions: 1, monitoredItems: 1, engineHeard: false })
  })

  it('a value that is Bad keeps its reason', async () => {
    test.engine.die()
    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue))

    expect((await read(nodeId('boiler/level'))).statusCode).toBe(StatusCodes.BadWaitingForInitialData)
  })

  it('the gateway says so: EngineConnected is false, what sources said is Uncertain, ServiceLevel is degraded', async () => {
    expect((await read('i=2267')).value.value).toBe(255)

    test.engine.die()

    await expect.poll(async () => (await read('i=2267')).value.value).toBe(2)
    expect((await read(nodeId('#gateway/EngineConnected'))).value.value).toBe(false)
    expect((await read(nodeId('#source/line-1/State'))).statusCode).toBe(
      StatusCodes.UncertainNoCommunicationLastUsableValue,
    )
  })

  it('a new engine brings the true values back to the same session and the same monitored item', async () => {
    const sessionId = session.sessionId.toString()
    test.engine.die()
    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue))

    const engine = new EngineStandIn(smallPlant())
    pressureIs(8.5)(engine)
    test.room.relink(engine.port)

    await vi.waitFor(() => expect(last()?.value.value).toBe(8.5))
    expect(last()?.statusCode).toBe(StatusCodes.Good)
    await vi.waitFor(() => expect(test.room.health().engineHeard).toBe(true))
    expect(test.room.health()).toMatchObject({ sessions: 1, subscriptions: 1, monitoredItems: 1 })
    expect(session.sessionId.toString()).toBe(sessionId)
    engine.die()
  })

  it('a value that is the same after the restart turns Good again', async () => {
    test.engine.die()
    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue))

    const engine = new EngineStandIn(smallPlant())
    pressureIs(7.25)(engine)
    test.room.relink(engine.port)

    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.Good))
    engine.die()
  })

  it('values of an engine that died before it had given them all do not stay Good', async () => {
    test.engine.die()
    const engine = new EngineStandIn(smallPlant())
    pressureIs(8.5)(engine)
    test.room.relink(engine.port)
    await vi.waitFor(() => expect(last()?.value.value).toBe(8.5))

    engine.die()

    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue))
    expect(last()?.value.value).toBe(8.5)
  })

  it('one with another plant, numbered otherwise, is followed without dropping the session', async () => {
    test.engine.die()
    const first = modbusPlant([modbusDevice('fan', [tagConfig('power')])])
    const boiler = smallPlant().sources.filter(({ devices }) => devices.some(({ key }) => key === 'boiler'))
    const engine = new EngineStandIn({
      sources: [{ ...first.sources[0], key: 'first' } as (typeof boiler)[0], ...boiler],
    })
    pressureIs(9.5)(engine)
    engine.pipeline.polled(engine.tag('fan/power'), 3)

    test.room.relink(engine.port)

    await vi.waitFor(() => expect(last()?.value.value).toBe(9.5))
    expect(last()?.statusCode).toBe(StatusCodes.Good)
    expect((await read(nodeId('fan/power'))).value.value).toBe(3)
    expect(test.fatal).toEqual([])
    engine.die()
  })
})

describe('when the engine hangs', () => {
  it('its values turn Uncertain after the silence, and come true when it is heard again', async () => {
    await clock.advance(SILENCE)
    await vi.waitFor(() => expect(last()?.statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue))

    await engineClock.advance(500)

    await eventually(() => expect(last()?.statusCode).toBe(StatusCodes.Good))
    expect(last()?.value.value).toBe(7.25)
    expect(test.fatal).toEqual([])
  })
})
