import { AttributeIds, type ClientSession, type DataValue, StatusCodes } from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SampleBatch } from '../../src/core/sample.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'

let test: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  test = await startRoom({
    prepare: (engine) => engine.pipeline.event(engine.tag('boiler/pressure'), 7.25, 1_700_000_000_000),
  })
  session = await test.session()
})
afterAll(() => test.end())

const oneRow = (tag: number, status: number): SampleBatch => ({
  count: 1,
  tag: Uint32Array.of(tag),
  bits: Float64Array.of(1),
  status: Uint32Array.of(status),
  sourceTime: Float64Array.of(1_700_000_000_500),
  serverTime: Float64Array.of(1_700_000_000_600),
  textRow: new Uint32Array(0),
  text: [],
  arrayRow: new Uint32Array(0),
  array: [],
})

const read = (id: string): Promise<DataValue> =>
  session.read({ nodeId: nodeId(id), attributeId: AttributeIds.Value }, 3_600_000)

describe('the values of the plant', () => {
  it('are there when the port opens: a value the engine knew is Good for the first client', async () => {
    const value = await read('boiler/pressure')

    expect(value.statusCode).toBe(StatusCodes.Good)
    expect(value.value.value).toBe(7.25)
    expect(value.sourceTimestamp).toEqual(new Date(1_700_000_000_000))
  })

  it('are BadWaitingForInitialData without a value, never 0 and Good, until the device has spoken', async () => {
    const value = await read('boiler/level')

    expect(value.statusCode).toBe(StatusCodes.BadWaitingForInitialData)
    expect(value.value.value).toBeNull()
  })

  it('arrive with their status and the source time of the device, whatever the status', async () => {
    const { values } = await watch(session, nodeId('boiler/temperature'))
    const { pipeline } = test.engine
    const tag = test.engine.tag('boiler/temperature')

    pipeline.event(tag, 21.5, 1_700_000_001_000)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.Good))
    pipeline.event(tag, 500, 1_700_000_002_000)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.UncertainEngineeringUnitsExceeded))
    pipeline.failed(tag, StatusCode.BadSensorFailure, 1_700_000_003_000)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadSensorFailure))

    const seen = values.slice(1).map(({ value, sourceTimestamp }) => [value.value, sourceTimestamp?.getTime()])
    expect(seen).toEqual([
      [21.5, 1_700_000_001_000],
      [500, 1_700_000_002_000],
      [null, 1_700_000_003_000],
    ])
  })

  it('keep the server time at which the engine took them', async () => {
    const { values } = await watch(session, nodeId('boiler/level'))

    test.engine.send(oneRow(test.engine.tag('boiler/level'), StatusCode.Good))

    await vi.waitFor(() => expect(values.at(-1)?.serverTimestamp).toEqual(new Date(1_700_000_000_600)))
  })

  it.each([
    ['boolean', true],
    ['sbyte', -128],
    ['byte', 255],
    ['int16', -32_768],
    ['uint16', 65_535],
    ['int32', -2_147_483_648],
    ['uint32', 4_294_967_295],
    ['int64', -9_223_372_036_854_775_808n],
    ['int64', 9_007_199_254_740_993n],
    ['uint64', 18_446_744_073_709_551_615n],
    ['float', 1.5],
    ['double', 0.1],
    ['string', 'Grüße 🚰'],
    ['bytestring', Buffer.from([0, 0x80, 0xff])],
  ])('of type %s are exact: %s', async (key, sent) => {
    test.engine.pipeline.polled(test.engine.tag(`boiler/${key}`), sent)

    await expect.poll(async () => exact((await read(`boiler/${key}`)).value.value, key)).toEqual(sent)
  })

  it('carry any status number, also one that this server has no name for, to the client exactly', async () => {
    const { values } = await watch(session, nodeId('boiler/double'))

    test.engine.send(oneRow(test.engine.tag('boiler/double'), 0x4090_0403))

    await vi.waitFor(() => expect(values.at(-1)?.statusCode.value).toBe(0x4090_0403))
  })

  it('go on when one of them cannot be shown, and the log says so once', async () => {
    test.engine.send(oneRow(9_999, StatusCode.Good))
    test.engine.send(oneRow(9_999, StatusCode.Good))
    test.engine.pipeline.polled(test.engine.tag('meter/energy'), 12)

    await expect.poll(async () => (await read('meter/energy')).value.value).toBe(12)
    expect(test.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  it('keep their times when some client reads a value that is not Good without asking for times', async () => {
    const tag = test.engine.tag('press-cpu/cycles')
    test.engine.pipeline.failed(tag, StatusCode.BadSensorFailure, 1_700_000_004_000)
    await expect.poll(async () => (await read('press-cpu/cycles')).statusCode).toBe(StatusCodes.BadSensorFailure)

    // node-opcua's client asks for TimestampsToReturn Neither here.
    await session.readVariableValue(nodeId('press-cpu/cycles'))

    expect((await read('press-cpu/cycles')).sourceTimestamp).toEqual(new Date(1_700_000_004_000))
  })
})

/** node-opcua's [high, low] as the integer it stands for. */
function exact(value: unknown, key: string): unknown {
  if (!Array.isArray(value)) return value
  const [high, low] = value as [number, number]
  const bits = (BigInt(high) << 32n) | BigInt(low)
  return key === 'uint64' ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits)
}
