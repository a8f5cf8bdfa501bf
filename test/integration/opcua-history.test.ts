import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AccessLevelFlag,
  AttributeIds,
  type ClientSession,
  DataType as DataTypes,
  makeBrowsePath,
  ObjectIds,
  ReadAtTimeDetails,
  ReadEventDetails,
  ReadProcessedDetails,
  resolveNodeId,
  StatusCodes,
  TimestampsToReturn,
  VariableIds,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AggregateName } from '../../src/core/aggregates/functions.ts'
import { type DataType, dataTypes, type TagValue } from '../../src/core/data-type.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { aggregateIds } from '../../src/opcua/history/read-processed.ts'
import { HistoryFile } from '../../src/store/history-file.ts'
import { historyRead, pairsOf, rawDetails, readAll, valuesOf } from '../support/history-client.ts'
import { modbusDevice, modbusPlant, tagConfig } from '../support/opcua-plant.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'
import { PlantRecorder } from '../support/recorded-plant.ts'

const START = Date.UTC(2026, 6, 1, 5)
const minutes = (count: number): number => START + count * 60_000
const LONG = 25_000
type ProcessedOptions = NonNullable<ConstructorParameters<typeof ReadProcessedDetails>[0]>
/** HistorianBits with their InfoType (OPC 10000-4 §7.39.1). */
const CALCULATED = 0x0401
const INTERPOLATED = 0x0402

const tag = (key: string, rest: Parameters<typeof tagConfig>[1] = {}) => tagConfig(key, { history: 'every', ...rest })
const plantOf = (...more: ReturnType<typeof tag>[]) =>
  modbusPlant([
    modbusDevice('boiler', [
      tag('level'),
      tag('long'),
      tag('silent'),
      tag('gap'),
      tag('down', { type: 'Byte' }),
      tag('list', { arrayLength: 3, type: 'Int16' }),
      tag('text', { type: 'String' }),
      tagConfig('unkept'),
      ...dataTypes.map((type) => tag(`a-${type.toLowerCase()}`, { type })),
      ...more,
    ]),
  ])

const samples: Readonly<Record<DataType, TagValue>> = {
  Boolean: true,
  SByte: -7,
  Byte: 200,
  Int16: -300,
  UInt16: 60_000,
  Int32: -70_000,
  UInt32: 4_000_000_000,
  Int64: -(2n ** 62n),
  UInt64: 2n ** 63n + 5n,
  Float: 1.5,
  Double: 0.1,
  String: 'ein Wört',
  ByteString: Buffer.from('00ff10', 'hex'),
  DateTime: Date.UTC(2026, 1, 2, 3, 4, 5, 678),
}
const seenAs: Partial<Record<DataType, unknown>> = {
  Int64: [0xc000_0000, 0],
  UInt64: [0x8000_0000, 5],
  DateTime: new Date(Date.UTC(2026, 1, 2, 3, 4, 5, 678)),
}

let folder: string
let recorder: PlantRecorder
let room: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-history-'))
  recorder = new PlantRecorder(folder, plantOf())
  for (const minute of [0, 2, 3, 5, 6]) recorder.record('boiler/level', minutes(minute), minute)
  for (let second = 0; second < LONG; second++) recorder.record('boiler/long', START + second * 1_000, second)
  recorder.record('boiler/gap', minutes(0), 0)
  recorder.record('boiler/gap', minutes(2), undefined, StatusCode.BadNoCommunication)
  recorder.record('boiler/gap', minutes(6), 30)
  recorder.record('boiler/down', START, 200)
  recorder.record('boiler/down', START + 1_000, 0)
  recorder.record('boiler/list', START, [1, -2, 3])
  recorder.record('boiler/text', START, undefined, StatusCode.BadDecodingError)
  recorder.record('boiler/text', START + 1, 'doubtful', StatusCode.UncertainDataSubNormal)
  for (const type of dataTypes) recorder.record(`boiler/a-${type.toLowerCase()}`, START, samples[type])
  await recorder.commit()
  room = await startRoom({ plant: plantOf(), history: new HistoryFile(folder) })
  session = await room.session()
})
afterAll(async () => {
  await room.end()
  await recorder.close()
  await rm(folder, { recursive: true })
})

const level = { nodeId: nodeId('boiler/level') }
const statusOf = async (...parameters: Parameters<typeof historyRead>) => {
  const results = await historyRead(...parameters)
  return results.map(({ statusCode }) => statusCode)
}
const hour = { start: START, end: minutes(60) }

describe('OPC 10000-11 §6.5.3 ReadRaw', () => {
  it.each([
    ['forward', { start: minutes(0), end: minutes(5) }, [0, 2, 3]],
    ['backward', { start: minutes(5), end: minutes(0) }, [5, 3, 2]],
    ['from a start, so many', { start: minutes(3), count: 2 }, [3, 5]],
    ['back from an end, so many', { end: minutes(3), count: 2 }, [3, 2]],
    ['at one moment', { start: minutes(3), end: minutes(3) }, [3]],
    ['with bounding values', { start: minutes(1), end: minutes(4), bounds: true }, [0, 2, 3, 5]],
  ])('%s', async (_how, question, expected) => {
    const [result] = await historyRead(session, rawDetails(question), [level])
    expect(result?.statusCode).toBe(StatusCodes.Good)
    expect(pairsOf(result)).toEqual(expected.map((minute) => [minutes(minute), minute]))
    expect(result?.continuationPoint?.length ?? 0).toBe(0)
  })

  it('two nodes in one request are both read backward, each with a result of its own', async () => {
    const results = await historyRead(session, rawDetails({ start: minutes(5), end: minutes(0) }), [level, level])
    for (const result of results) expect(pairsOf(result).map(([, value]) => value)).toEqual([5, 3, 2])
  })

  it('a bounding value that is not there is BadBoundNotFound at the time that was asked for', async () => {
    const [result] = await historyRead(session, rawDetails({ start: minutes(-1), end: minutes(9), bounds: true }), [
      level,
    ])
    const bounds = [valuesOf(result).at(0), valuesOf(result).at(-1)]
    expect(bounds.map((bound) => bound?.statusCode)).toEqual([
      StatusCodes.BadBoundNotFound,
      StatusCodes.BadBoundNotFound,
    ])
    expect(bounds.map((bound) => bound?.sourceTimestamp?.getTime())).toEqual([minutes(-1), minutes(9)])
    expect(valuesOf(result)).toHaveLength(7)
  })

  it.each([
    ['of a tag that has said nothing yet', 'boiler/silent', hour],
    ['in a time without values', 'boiler/level', { start: minutes(10), end: minutes(20) }],
    ['before the epoch and after every value', 'boiler/level', { start: Date.UTC(1969, 1), end: Date.UTC(1969, 2) }],
    ['of a tag that has said nothing yet, with bounds', 'boiler/silent', { ...hour, bounds: true }],
  ])('nothing to read %s is GoodNoData', async (_what, id, question) => {
    const [result] = await historyRead(session, rawDetails(question), [{ nodeId: nodeId(id) }])
    expect(result?.statusCode).toBe(StatusCodes.GoodNoData)
    expect(valuesOf(result).filter(({ value }) => value.value !== null)).toEqual([])
  })

  it.each(dataTypes)('a %s comes as it was recorded', async (type) => {
    const [result] = await historyRead(session, rawDetails(hour), [
      { nodeId: nodeId(`boiler/a-${type.toLowerCase()}`) },
    ])
    const [value] = valuesOf(result)
    expect(value?.value.value).toEqual(seenAs[type] ?? samples[type])
    expect(value).toMatchObject({ statusCode: StatusCodes.Good })
    expect(value?.serverTimestamp?.getTime()).toBe(START + 250)
  })

  it('an array comes whole, and a value that was Bad or Uncertain with its status', async () => {
    const nodes = ['list', 'text'].map((key) => ({ nodeId: nodeId(`boiler/${key}`) }))
    const [list, text] = await historyRead(session, rawDetails(hour), nodes)
    expect(Array.from(valuesOf(list)[0]?.value.value as Int16Array)).toEqual([1, -2, 3])
    expect(valuesOf(text).map(({ statusCode, value }) => [statusCode.name, value.value])).toEqual([
      ['BadDecodingError', null],
      ['UncertainDataSubNormal', 'doubtful'],
    ])
  })

  it.each([
    [TimestampsToReturn.Source, START, undefined],
    [TimestampsToReturn.Server, undefined, START + 250],
    [TimestampsToReturn.Both, START, START + 250],
  ])('of TimestampsToReturn %i only those times come', async (timestampsToReturn, source, server) => {
    const [result] = await historyRead(session, rawDetails({ start: START, count: 1 }), [level], { timestampsToReturn })
    const [value] = valuesOf(result)
    expect([value?.sourceTimestamp?.getTime(), value?.serverTimestamp?.getTime()]).toEqual([source, server])
  })

  it('what cannot be read is refused node by node, and the others are read', async () => {
    const nodes = [
      { nodeId: nodeId('boiler/nothing') },
      { nodeId: nodeId('boiler') },
      { nodeId: nodeId('boiler/unkept') },
      { nodeId: 'i=2258' },
      { ...level, dataEncoding: { name: 'Default Binary' } },
      { nodeId: nodeId('boiler/list'), indexRange: '0:1' },
      level,
    ]
    const results = await historyRead(session, rawDetails(hour), nodes as never)
    expect(results.map(({ statusCode }) => statusCode.name)).toEqual([
      'BadNodeIdUnknown',
      'BadHistoryOperationUnsupported',
      'BadHistoryOperationUnsupported',
      'BadHistoryOperationUnsupported',
      'BadDataEncodingInvalid',
      'BadIndexRangeInvalid',
      'Good',
    ])
    expect(pairsOf(results.at(-1))).toHaveLength(5)
  })

  it('less than two of start, end and count, no timestamps, modified values and events are refused', async () => {
    const one = [level]
    expect(await statusOf(session, rawDetails({ start: START }), one)).toEqual([StatusCodes.BadHistoryOperationInvalid])
    expect(await statusOf(session, rawDetails({ count: 5 }), one)).toEqual([StatusCodes.BadHistoryOperationInvalid])
    const modified = rawDetails({ ...hour, modified: true })
    expect(await statusOf(session, modified, one)).toEqual([StatusCodes.BadHistoryOperationUnsupported])
    expect(await statusOf(session, new ReadEventDetails(), one)).toEqual([StatusCodes.BadHistoryOperationUnsupported])
    const neither = { timestampsToReturn: TimestampsToReturn.Neither }
    expect(await statusOf(session, rawDetails(hour), one, neither)).toEqual([StatusCodes.BadInvalidTimestampArgument])
  })
})

describe('OPC 10000-11 §6.3 continuation points', () => {
  const all = { start: START, end: START + LONG * 1_000 }

  it('bring every value once, in pages of the size that was asked for, or of what the server gives', async () => {
    const own = await readAll(session, 'boiler/long', rawDetails({ ...all, count: 4_000 }))
    expect(own.map((result) => valuesOf(result).length)).toEqual([4_000, 4_000, 4_000, 4_000, 4_000, 4_000, 1_000])
    const servers = await readAll(session, 'boiler/long', rawDetails(all))
    expect(servers.map((result) => valuesOf(result).length)).toEqual([5_000, 5_000, 5_000, 5_000, 5_000])
    for (const pages of [own, servers]) {
      expect(pages.flatMap((page) => pairsOf(page).map(([, value]) => value))).toEqual(
        Array.from({ length: LONG }, (_, i) => i),
      )
    }
  })

  it('many nodes of one request share what one answer may hold', async () => {
    const node = { nodeId: nodeId('boiler/long') }
    const results = await historyRead(
      session,
      rawDetails(all),
      Array.from({ length: 100 }, () => node),
    )
    expect(new Set(results.map((result) => valuesOf(result).length))).toEqual(new Set([50]))
    expect(
      await historyRead(
        session,
        rawDetails(all),
        Array.from({ length: 101 }, () => node),
      ).catch(String),
    ).toContain('BadTooManyOperations')
  })

  it('are of one session and node, are used once, and end when they are released', async () => {
    const details = rawDetails({ ...all, count: 10 })
    const long = { nodeId: nodeId('boiler/long') }
    const begin = async () => {
      const [result] = await historyRead(session, details, [long])
      return { ...long, continuationPoint: result?.continuationPoint as Buffer }
    }
    const invalid = [StatusCodes.BadContinuationPointInvalid]
    const point = await begin()
    expect(await statusOf(await room.session(), details, [point])).toEqual(invalid)
    expect(await statusOf(session, details, [{ ...point, ...level }])).toEqual(invalid)
    expect(await statusOf(session, details, [{ ...long, continuationPoint: Buffer.from('nonsense') }])).toEqual(invalid)
    const [next] = await historyRead(session, details, [point])
    expect(pairsOf(next)[0]?.[1]).toBe(10)
    expect(await statusOf(session, details, [point])).toEqual(invalid)

    const other = await begin()
    const released = await historyRead(session, details, [other], { releaseContinuationPoints: true })
    expect(released.map(({ statusCode }) => statusCode)).toEqual([StatusCodes.Good])
    expect(valuesOf(released[0])).toEqual([])
    expect(await statusOf(session, details, [other])).toEqual(invalid)
  })
})

describe('what the address space says of history', () => {
  const read = async (id: string, attributeId: AttributeIds) =>
    (await session.read({ nodeId: nodeId(id), attributeId })).value.value as unknown
  const attributes = [AttributeIds.Historizing, AttributeIds.AccessLevel, AttributeIds.UserAccessLevel] as const
  const all = (id: string) => Promise.all(attributes.map((attribute) => read(id, attribute)))
  const withHistory = AccessLevelFlag.CurrentRead | AccessLevelFlag.HistoryRead

  it('a tag says whether it has a history, and follows its setting live', async () => {
    expect(await all('boiler/level')).toEqual([true, withHistory, withHistory])
    expect(await all('boiler/unkept')).toEqual([false, AccessLevelFlag.CurrentRead, AccessLevelFlag.CurrentRead])
    const plant = (history: 'off' | 'change') => plantOf(tag('changing', { history }))
    await room.engine.changePlant(plant('off'))
    expect(await all('boiler/changing')).toEqual([false, AccessLevelFlag.CurrentRead, AccessLevelFlag.CurrentRead])
    await room.engine.changePlant(plant('change'))
    expect(await all('boiler/changing')).toEqual([true, withHistory, withHistory])
    const node = [{ nodeId: nodeId('boiler/changing') }]
    expect(await statusOf(session, rawDetails(hour), node)).toEqual([StatusCodes.GoodNoData])
    await room.engine.changePlant(plantOf())
    expect(await statusOf(session, rawDetails(hour), node)).toEqual([StatusCodes.BadNodeIdUnknown])
  })

  it('HistoryServerCapabilities say that data can be read, and nothing can be changed', async () => {
    const property = async (id: VariableIds) => (await session.read({ nodeId: `i=${id}` })).value.value as unknown
    expect(await property(VariableIds.HistoryServerCapabilities_AccessHistoryDataCapability)).toBe(true)
    expect(await property(VariableIds.HistoryServerCapabilities_AccessHistoryEventsCapability)).toBe(false)
    expect(await property(VariableIds.HistoryServerCapabilities_InsertDataCapability)).toBe(false)
    expect(await property(VariableIds.HistoryServerCapabilities_DeleteRawCapability)).toBe(false)
    expect(await property(VariableIds.HistoryServerCapabilities_ServerTimestampSupported)).toBe(true)
    expect(await property(VariableIds.HistoryServerCapabilities_MaxReturnDataValues)).toBe(5_000)
    expect(await property(VariableIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData)).toBe(100)
  })

  it('every user who may read values may read their history', async () => {
    for (const { name, password } of users) {
      const own = await room.session(asUser(name, password))
      expect(await statusOf(own, rawDetails(hour), [level])).toEqual([StatusCodes.Good])
    }
  })
})

describe('a file that changes while it is read', () => {
  it('shows what is written in the meantime where the read has not been yet, and no more of what is too old', async () => {
    const plant = plantOf()
    const own = await mkdtemp(join(tmpdir(), 'penstock-history-'))
    let writer = new PlantRecorder(own, plant)
    for (let second = 0; second < 100; second++) writer.record('boiler/level', START + second * 1_000, second)
    await writer.commit()
    const other = await startRoom({ plant, history: new HistoryFile(own) })
    try {
      const client = await other.session()
      let page = 0
      const results = await readAll(
        client,
        'boiler/level',
        rawDetails({ start: START, end: minutes(60), count: 25 }),
        async () => {
          page++
          if (page === 1) {
            writer.record('boiler/level', START + 100_000, 100)
            await writer.commit()
          }
          // The engine dies and comes back.
          if (page === 2) {
            await writer.close()
            writer = new PlantRecorder(own, plant)
          }
          if (page === 3) writer.forget(START + 90_000)
        },
      )
      const seen = results.flatMap((result) => pairsOf(result).map(([, value]) => value))
      expect(seen).toEqual([
        ...Array.from({ length: 75 }, (_, second) => second),
        ...Array.from({ length: 11 }, (_, i) => 90 + i),
      ])
    } finally {
      await other.end()
      await writer.close()
      await rm(own, { recursive: true })
    }
  })

  it('a file that is gone is BadDataUnavailable, said once in the log, and its successor is read', async () => {
    const plant = plantOf()
    const own = await mkdtemp(join(tmpdir(), 'penstock-history-'))
    const first = new PlantRecorder(own, plant)
    first.record('boiler/level', START, 1)
    await first.close()
    const other = await startRoom({ plant, history: new HistoryFile(own) })
    try {
      const client = await other.session()
      const read = () => historyRead(client, rawDetails(hour), [level])
      expect(pairsOf((await read())[0])).toEqual([[START, 1]])
      await rename(join(own, 'history.db'), join(own, 'history.db.damaged'))
      for (let time = 0; time < 2; time++) expect((await read())[0]?.statusCode).toBe(StatusCodes.BadDataUnavailable)
      const second = new PlantRecorder(own, plant)
      second.record('boiler/level', START, 2)
      await second.close()
      expect(pairsOf((await read())[0])).toEqual([[START, 2]])
      const messages = other.logged.map(({ message }) => message).filter((message) => message.includes('istory'))
      expect(messages).toEqual([
        'History cannot be read: HistoryRead answers BadDataUnavailable',
        'History can be read again',
      ])
    } finally {
      await other.end()
      await rm(own, { recursive: true })
    }
  })

  it('a tag of another type begins anew, and a read of the former one does not go on', async () => {
    const own = await mkdtemp(join(tmpdir(), 'penstock-history-'))
    const writer = new PlantRecorder(own, plantOf(tag('kind')))
    for (let second = 0; second < 10; second++) writer.record('boiler/kind', START + second * 1_000, second)
    await writer.close()
    const other = await startRoom({ plant: plantOf(tag('kind')), history: new HistoryFile(own) })
    try {
      const client = await other.session()
      const details = rawDetails({ ...hour, count: 5 })
      const node = { nodeId: nodeId('boiler/kind') }
      const [begun] = await historyRead(client, details, [node])
      await other.engine.changePlant(plantOf(tag('kind', { type: 'String' })))
      const point = { ...node, continuationPoint: begun?.continuationPoint as Buffer }
      expect(await statusOf(client, details, [point])).toEqual([StatusCodes.BadContinuationPointInvalid])
      expect(await statusOf(client, details, [node])).toEqual([StatusCodes.GoodNoData])
    } finally {
      await other.end()
      await rm(own, { recursive: true })
    }
  })
})

describe('OPC 10000-11 §6.5.5 ReadAtTime', () => {
  const atTime = (times: readonly number[], useSimpleBounds = false) =>
    new ReadAtTimeDetails({ reqTimes: times.map((time) => new Date(time)), useSimpleBounds })

  it('answers in the order asked for what was recorded, and what lies between, marked as interpolated', async () => {
    const times = [minutes(5), minutes(1), minutes(-1), minutes(60)]
    const [result] = await historyRead(session, atTime(times), [level])
    expect(pairsOf(result)).toEqual([
      [minutes(5), 5],
      [minutes(1), 1],
      [minutes(-1), null],
      [minutes(60), 6],
    ])
    expect(valuesOf(result).map(({ statusCode }) => statusCode.value)).toEqual([
      0,
      INTERPOLATED,
      StatusCode.BadNoData,
      StatusCode.UncertainDataSubNormal + INTERPOLATED,
    ])
  })

  it('holds a value that is no point on a line until the next', async () => {
    const nodes = ['a-int32', 'a-string', 'a-boolean', 'list'].map((key) => ({ nodeId: nodeId(`boiler/${key}`) }))
    const results = await historyRead(session, atTime([START + 1_000]), nodes)
    const values = results.map((result) => valuesOf(result)[0]?.value.value as unknown)
    expect(values.slice(0, 3)).toEqual([samples.Int32, samples.String, samples.Boolean])
    expect(Array.from(values[3] as Int16Array)).toEqual([1, -2, 3])
  })

  it('goes on where an answer ends, and refuses no times and too many', async () => {
    const times = Array.from({ length: 25 }, (_, second) => START + second * 1_000 + 500)
    const nodes = Array.from({ length: 100 }, () => ({ nodeId: nodeId('boiler/long') }))
    const many = atTime(Array.from({ length: 150 }, (_, second) => START + second * 1_000))
    const [first] = await historyRead(session, many, nodes)
    expect(valuesOf(first)).toHaveLength(50)
    const node = { ...nodes[0], continuationPoint: first?.continuationPoint as Buffer }
    const [rest] = await historyRead(session, many, [node] as never)
    expect(pairsOf(rest).map(([, value]) => value)).toEqual(Array.from({ length: 100 }, (_, i) => 50 + i))
    const [between] = await historyRead(session, atTime(times), [{ nodeId: nodeId('boiler/long') }])
    expect(pairsOf(between).map(([, value]) => value)).toEqual(times.map((_, second) => second + 0.5))
    const invalid = [StatusCodes.BadHistoryOperationInvalid]
    expect(await statusOf(session, atTime([]), [level])).toEqual(invalid)
    expect(await statusOf(session, atTime(Array.from({ length: 10_001 }, () => START)), [level])).toEqual(invalid)
  })

  it('with useSimpleBounds the nearest samples count, also where they are Bad', async () => {
    const text = [{ nodeId: nodeId('boiler/gap') }]
    const between = minutes(3)
    const [interpolated] = await historyRead(session, atTime([between]), text)
    expect(pairsOf(interpolated)).toEqual([[between, 15]])
    expect(valuesOf(interpolated)[0]?.statusCode.value).toBe(StatusCode.UncertainDataSubNormal + INTERPOLATED)
    const [simple] = await historyRead(session, atTime([between], true), text)
    expect(valuesOf(simple)[0]?.statusCode.value).toBe(StatusCode.BadNoData)
  })
})

describe('OPC 10000-11 §6.5.4 ReadProcessed', () => {
  const aggregate = (name: AggregateName) => `i=${aggregateIds.find(([each]) => each === name)?.[1]}`
  const processed = (names: readonly AggregateName[], options: ProcessedOptions = {}) =>
    new ReadProcessedDetails({
      startTime: new Date(START),
      endTime: new Date(START + LONG * 1_000),
      processingInterval: 1_000_000,
      aggregateType: names.map(aggregate),
      aggregateConfiguration: { useServerCapabilitiesDefaults: true },
      ...options,
    })
  const long = { nodeId: nodeId('boiler/long') }

  it('each node gets the aggregate at its place, over each interval', async () => {
    const [averages, counts] = await historyRead(session, processed(['Average', 'Count']), [long, long])
    expect(pairsOf(averages)).toEqual(Array.from({ length: 25 }, (_, i) => [START + i * 1_000_000, i * 1_000 + 499.5]))
    expect(pairsOf(counts).map(([, value]) => value)).toEqual(Array.from({ length: 25 }, () => 1_000))
    expect(valuesOf(counts)[0]?.value.dataType).toBe(DataTypes.Int32)
    expect(valuesOf(averages)[0]?.statusCode.value).toBe(CALCULATED)
    expect(valuesOf(averages)[0]?.serverTimestamp).toBeNull()
  })

  it('every aggregate in the folders gives a result, and no other is in them', async () => {
    for (const id of [
      ObjectIds.Server_ServerCapabilities_AggregateFunctions,
      ObjectIds.HistoryServerCapabilities_AggregateFunctions,
    ]) {
      const { references } = await session.browse({ nodeId: `i=${id}`, referenceTypeId: 'Organizes', resultMask: 63 })
      const names = references?.map(({ browseName }) => browseName.name) as AggregateName[]
      expect(new Set(names)).toEqual(new Set(aggregateIds.map(([name]) => name)))
      const results = await historyRead(
        session,
        processed(names),
        names.map(() => long),
      )
      expect(results.map(({ statusCode }) => statusCode)).toEqual(names.map(() => StatusCodes.Good))
      for (const result of results) expect(valuesOf(result)).toHaveLength(25)
    }
  })

  it('more intervals than an answer holds come by continuation point, in either direction', async () => {
    const [startTime, endTime] = [new Date(START), new Date(START + LONG * 1_000)]
    const seconds = { processingInterval: 1_000 }
    const forward = await readAll(session, 'boiler/long', processed(['Start'], seconds))
    expect(forward.map((result) => valuesOf(result).length)).toEqual([5_000, 5_000, 5_000, 5_000, 5_000])
    expect(forward.flatMap((result) => pairsOf(result).map(([, value]) => value))).toEqual(
      Array.from({ length: LONG }, (_, i) => i),
    )
    const back = { processingInterval: 1_000_000, startTime: endTime, endTime: startTime }
    const [reversed] = await historyRead(session, processed(['Maximum'], back), [long])
    expect(pairsOf(reversed).slice(0, 2)).toEqual([
      [START + LONG * 1_000, LONG - 1],
      [START + (LONG - 1_000) * 1_000, LONG - 1_000],
    ])
  })

  it('the configuration of the request decides what counts as Good', async () => {
    const share = (percentDataGood: number, percentDataBad: number) => ({
      processingInterval: 0,
      aggregateConfiguration: { percentDataGood, percentDataBad, treatUncertainAsBad: true },
    })
    const status = async (options: ReturnType<typeof share>) => {
      const [result] = await historyRead(session, processed(['Average'], options), [{ nodeId: nodeId('boiler/gap') }])
      return result?.statusCode.isGood() ? valuesOf(result)[0]?.statusCode.value : result?.statusCode.value
    }
    expect(await status(share(100, 100))).toBe(StatusCode.UncertainDataSubNormal + CALCULATED)
    expect(await status(share(60, 100))).toBe(CALCULATED)
    expect(await status(share(100, 10))).toBe(StatusCode.Bad)
    expect(await status(share(0, 10))).toBe(StatusCodes.BadAggregateInvalidInputs.value)
  })

  it('what cannot be calculated is refused node by node', async () => {
    const nodes = ['long', 'text', 'long'].map((key) => ({ nodeId: nodeId(`boiler/${key}`) }))
    const details = processed(['Average', 'Average', 'Count'])
    details.aggregateType?.splice(2, 1, resolveNodeId('i=2351'))
    expect((await statusOf(session, details, nodes)).map(({ name }) => name)).toEqual([
      'Good',
      'BadAggregateNotSupported',
      'BadAggregateNotSupported',
    ])
    const one = async (options: ProcessedOptions) => {
      const [status] = await statusOf(session, processed(['Average'], options), [long])
      return status?.name
    }
    expect(await one({ endTime: new Date(START) })).toBe('BadInvalidArgument')
    expect(await one({ processingInterval: -1 })).toBe('BadInvalidArgument')
    expect(await statusOf(session, processed(['Average']), [long, long])).toEqual([
      StatusCodes.BadAggregateListMismatch,
      StatusCodes.BadAggregateListMismatch,
    ])
  })

  it('a difference that the type of the tag cannot hold is a Double', async () => {
    const details = processed(['Delta', 'Range'], { processingInterval: 0 })
    const [delta, range] = await historyRead(session, details, [down, down])
    expect([valuesOf(delta)[0]?.value, valuesOf(range)[0]?.value]).toMatchObject([
      { dataType: DataTypes.Double, value: -200 },
      { dataType: DataTypes.Byte, value: 200 },
    ])
  })
  const down = { nodeId: nodeId('boiler/down') }
})

describe('OPC 10000-11 §5.2.2 historical configurations', () => {
  const configurationOf = async (id: string) => {
    const { references } = await session.browse({
      nodeId: nodeId(id),
      referenceTypeId: 'HasHistoricalConfiguration',
      resultMask: 63,
    })
    return references?.map((reference) => reference.nodeId.toString()) ?? []
  }
  const property = async (object: string, name: string) => {
    const path = await session.translateBrowsePath(makeBrowsePath(object, `.${name}`))
    const target = path.targets?.[0]?.targetId
    return target && ((await session.read({ nodeId: target })).value.value as unknown)
  }

  it('a line leads from one Double to the next, and other values hold', async () => {
    expect(await configurationOf('boiler/a-double')).toEqual([])
    expect(await configurationOf('boiler/a-float')).toEqual([])
    expect(await property(`i=${ObjectIds.DefaultHAConfiguration}`, 'Stepped')).toBe(false)
    for (const id of ['boiler/a-int32', 'boiler/a-boolean', 'boiler/list']) {
      const [configuration = ''] = await configurationOf(id)
      expect(await property(configuration, 'Stepped')).toBe(true)
    }
  })

  it('the defaults of aggregates are announced', async () => {
    const object = `i=${ObjectIds.DefaultHAConfiguration_AggregateConfiguration}`
    const names = ['TreatUncertainAsBad', 'PercentDataBad', 'PercentDataGood', 'UseSlopedExtrapolation']
    expect(await Promise.all(names.map((name) => property(object, name)))).toEqual([true, 100, 100, false])
  })

  it('a tag that goes, or turns into another, leaves the configuration to the others', async () => {
    await room.engine.changePlant(plantOf(tag('kind', { type: 'Int16' })))
    const [configuration] = await configurationOf('boiler/kind')
    await room.engine.changePlant(plantOf(tag('kind', { type: 'Double' })))
    expect(await configurationOf('boiler/kind')).toEqual([])
    await room.engine.changePlant(plantOf(tag('kind', { type: 'Boolean' })))
    expect(await configurationOf('boiler/kind')).toEqual([configuration])
    await room.engine.changePlant(plantOf())
    expect(await configurationOf('boiler/a-int32')).toEqual([configuration])
    expect(await property(configuration ?? '', 'Stepped')).toBe(true)
  })
})
