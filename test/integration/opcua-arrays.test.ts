import { AttributeIds, type ClientSession, DataType, StatusCodes, type Variant, VariantArrayType } from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { plainValue } from '../../src/cli/client/format.ts'
import { dataTypes, type Scalar, type DataType as TagDataType } from '../../src/core/data-type.ts'
import { modbusDevice, modbusPlant, tagConfig } from '../support/opcua-plant.ts'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'

const MOMENT = Date.UTC(2026, 4, 4, 10, 20, 0, 125) + 0.25

const values: Readonly<Record<TagDataType, readonly [sent: readonly Scalar[], shown: readonly unknown[]]>> = {
  Boolean: [
    [true, false, true],
    [true, false, true],
  ],
  SByte: [
    [-128, 0, 127],
    [-128, 0, 127],
  ],
  Byte: [
    [0, 128, 255],
    [0, 128, 255],
  ],
  Int16: [
    [-32_768, 0, 5],
    [-32_768, 0, 5],
  ],
  UInt16: [
    [0, 1, 65_535],
    [0, 1, 65_535],
  ],
  Int32: [
    [-2_147_483_648, 0, 9],
    [-2_147_483_648, 0, 9],
  ],
  UInt32: [
    [0, 1, 4_294_967_295],
    [0, 1, 4_294_967_295],
  ],
  Int64: [
    [-(2n ** 63n), -1n, 5n],
    ['-9223372036854775808', '-1', '5'],
  ],
  UInt64: [
    [2n ** 64n - 1n, 0n, 5n],
    ['18446744073709551615', '0', '5'],
  ],
  Float: [
    [1.5, -0.25, 0],
    [1.5, -0.25, 0],
  ],
  Double: [
    [0.1, -1e300, 0],
    [0.1, -1e300, 0],
  ],
  String: [
    ['Grüße', '', '🚰'],
    ['Grüße', '', '🚰'],
  ],
  ByteString: [
    [Uint8Array.of(0, 255), new Uint8Array(0), Uint8Array.of(1)],
    ['00ff', '', '01'],
  ],
  DateTime: [
    [0, MOMENT, Date.UTC(1700, 0, 1)],
    ['1970-01-01T00:00:00.000Z', '2026-05-04T10:20:00.1252500Z', '1700-01-01T00:00:00.000Z'],
  ],
}

let test: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  const arrays = dataTypes.map((type) => tagConfig(type.toLowerCase(), { type, arrayLength: 3 }))
  test = await startRoom({
    plant: modbusPlant([modbusDevice('curve', [...arrays, tagConfig('moment', { type: 'DateTime' })])]),
  })
  session = await test.session()
})
afterAll(() => test.end())

const read = (id: string, attributeId = AttributeIds.Value) => session.read({ nodeId: nodeId(id), attributeId })
const say = (id: string, value: unknown) => test.engine.pipeline.event(test.engine.tag(id), value, Date.now())
const shapeOf = ({ dataType, arrayType }: Variant) => [DataType[dataType], VariantArrayType[arrayType]]

describe('an array', () => {
  it.each(dataTypes)('of %s is read and subscribed whole, each element exactly', async (type) => {
    const id = `curve/${type.toLowerCase()}`
    const [sent, shown] = values[type]
    const { values: seen, subscription } = await watch(session, nodeId(id))
    say(id, sent)
    await vi.waitFor(() => expect(seen.at(-1)?.statusCode).toBe(StatusCodes.Good))
    for (const { value } of [seen.at(-1), await read(id)].filter((each) => each !== undefined)) {
      expect(shapeOf(value)).toEqual([type, 'Array'])
      expect(plainValue(value)).toEqual(shown)
    }
    // A session has so many subscriptions only.
    await subscription.terminate()
  })

  it('says its rank and its length', async () => {
    expect((await read('curve/double', AttributeIds.ValueRank)).value.value).toBe(1)
    expect(Array.from((await read('curve/double', AttributeIds.ArrayDimensions)).value.value)).toEqual([3])
  })

  it('can be read in part', async () => {
    say('curve/int16', [1, 2, 3])
    await vi.waitFor(async () => {
      const part = { nodeId: nodeId('curve/int16'), attributeId: AttributeIds.Value, indexRange: '1:2' }
      expect(plainValue((await session.read(part as never)).value)).toEqual([2, 3])
    })
  })

  it('of another length has no value and is BadDecodingError', async () => {
    say('curve/uint16', [1, 2])
    await vi.waitFor(async () => expect((await read('curve/uint16')).statusCode).toBe(StatusCodes.BadDecodingError))
    expect((await read('curve/uint16')).value.value).toBeNull()
  })
})

describe('a DateTime', () => {
  it('arrives to 100 ns, and out of the range of OPC UA is BadDecodingError', async () => {
    const { values: seen } = await watch(session, nodeId('curve/moment'))
    say('curve/moment', MOMENT)
    await vi.waitFor(() => expect(seen.at(-1)?.statusCode).toBe(StatusCodes.Good))
    expect(seen.at(-1)?.value.dataType).toBe(DataType.DateTime)
    expect(seen.at(-1) && plainValue(seen.at(-1)?.value as Variant)).toBe('2026-05-04T10:20:00.1252500Z')
    say('curve/moment', Date.UTC(1600, 0, 1))
    await vi.waitFor(() => expect(seen.at(-1)?.statusCode).toBe(StatusCodes.BadDecodingError))
  })
})
