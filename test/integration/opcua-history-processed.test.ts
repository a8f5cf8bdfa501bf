import {
  type ClientSession,
  DataType,
  makeBrowsePath,
  ObjectIds,
  ReadAtTimeDetails,
  ReadProcessedDetails,
  resolveNodeId,
  StatusCodes,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AggregateName } from '../../src/core/aggregates/functions.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { aggregateIds } from '../../src/opcua/history/read-processed.ts'
import { historyRead, pairsOf, readAll, valuesOf } from '../support/history-client.ts'
import { nodeId, type RoomUnderTest } from '../support/opcua-room.ts'
import {
  LONG,
  level,
  minutes,
  plantOf,
  START,
  samples,
  startRecordedRoom,
  statusOf,
  tag,
} from '../support/recorded-room.ts'

type ProcessedOptions = NonNullable<ConstructorParameters<typeof ReadProcessedDetails>[0]>
/** HistorianBits with their InfoType (OPC 10000-4 §7.39.1). */
const CALCULATED = 0x0401
const INTERPOLATED = 0x0402
let room: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  room = await startRecordedRoom()
  session = await room.session()
})
afterAll(() => room.end())

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
    expect(await statusOf(session, atTime(Array.from({ length: 10_001 }, () => START)), [level])).toEqual([
      StatusCodes.BadTooManyOperations,
    ])
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
    expect(valuesOf(counts)[0]?.value.dataType).toBe(DataType.Int32)
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
      for (const name of names) {
        // An answer that takes long goes on with a continuation point.
        const pages = await readAll(session, 'boiler/long', processed([name]))
        expect(pages.flatMap(valuesOf), name).toHaveLength(25)
      }
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
      { dataType: DataType.Double, value: -200 },
      { dataType: DataType.Byte, value: 200 },
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
