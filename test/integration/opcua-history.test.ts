import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AccessLevelFlag,
  AttributeIds,
  type ClientSession,
  ReadEventDetails,
  StatusCodes,
  TimestampsToReturn,
  VariableIds,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dataTypes } from '../../src/core/data-type.ts'
import { HistoryFile } from '../../src/store/history-file.ts'
import { emptyTextRange } from '../support/empty-text-range.ts'
import { historyRead, pairsOf, rawDetails, readAll, valuesOf } from '../support/history-client.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'
import { PlantRecorder } from '../support/recorded-plant.ts'
import {
  LONG,
  level,
  minutes,
  plantOf,
  START,
  samples,
  seenAs,
  startRecordedRoom,
  statusOf,
  tag,
} from '../support/recorded-room.ts'

const hour = { start: START, end: minutes(60) }

let room: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  room = await startRecordedRoom()
  session = await room.session()
})
afterAll(() => room.end())

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

  it('an index range that is an empty text, as asyncua sends it, is none', async () => {
    const [result] = await historyRead(session, rawDetails({ start: START, count: 1 }), [
      { ...level, indexRange: emptyTextRange() },
    ] as never)
    expect(result?.statusCode.name).toMatch(/^Good/)
    expect(valuesOf(result)).toHaveLength(1)
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
  const forReaders = AccessLevelFlag.CurrentRead | AccessLevelFlag.HistoryRead
  const withHistory = forReaders | AccessLevelFlag.HistoryWrite

  it('a tag says whether it has a history, and follows its setting live', async () => {
    expect(await all('boiler/level')).toEqual([true, withHistory, forReaders])
    expect(await all('boiler/unkept')).toEqual([false, AccessLevelFlag.CurrentRead, AccessLevelFlag.CurrentRead])
    const plant = (history: 'off' | 'change') => plantOf(tag('changing', { history }))
    await room.engine.changePlant(plant('off'))
    expect(await all('boiler/changing')).toEqual([false, AccessLevelFlag.CurrentRead, AccessLevelFlag.CurrentRead])
    await room.engine.changePlant(plant('change'))
    expect(await all('boiler/changing')).toEqual([true, withHistory, forReaders])
    const node = [{ nodeId: nodeId('boiler/changing') }]
    expect(await statusOf(session, rawDetails(hour), node)).toEqual([StatusCodes.GoodNoData])
    await room.engine.changePlant(plantOf())
    expect(await statusOf(session, rawDetails(hour), node)).toEqual([StatusCodes.BadNodeIdUnknown])
  })

  it('HistoryServerCapabilities say that data can be read and changed, and no events', async () => {
    const property = async (id: VariableIds) => (await session.read({ nodeId: `i=${id}` })).value.value as unknown
    expect(await property(VariableIds.HistoryServerCapabilities_AccessHistoryDataCapability)).toBe(true)
    expect(await property(VariableIds.HistoryServerCapabilities_AccessHistoryEventsCapability)).toBe(false)
    expect(await property(VariableIds.HistoryServerCapabilities_InsertDataCapability)).toBe(true)
    expect(await property(VariableIds.HistoryServerCapabilities_DeleteRawCapability)).toBe(true)
    expect(await property(VariableIds.HistoryServerCapabilities_InsertEventCapability)).toBe(false)
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
