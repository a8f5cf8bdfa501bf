import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AccessLevelFlag, AttributeIds, type ClientSession, DataType, StatusCodes } from 'node-opcua'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { dataTypes } from '../../src/core/data-type.ts'
import type { AskedHistoryEdit } from '../../src/core/history-edit.ts'
import { toDate, toHighLow } from '../../src/opcua/data-values.ts'
import { HistoryEditor } from '../../src/store/history-editor.ts'
import { HistoryFile } from '../../src/store/history-file.ts'
import { historyRead, pairsOf, rawDetails } from '../support/history-client.ts'
import {
  deletingRange,
  deletingTimes,
  detailsOf,
  historyUpdate,
  Perform,
  writing,
} from '../support/history-edit-client.ts'
import { historyRun } from '../support/history-run.ts'
import { modbusDevice, modbusPlant } from '../support/opcua-plant.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'
import { minutes, START, samples, tag } from '../support/recorded-room.ts'
import { aTag } from '../support/small-plant.ts'

const tags = [
  tag('level'),
  tag('list', { type: 'Int16', arrayLength: 3 }),
  ...dataTypes.map((type) => tag(`a-${type.toLowerCase()}`, { type })),
]
let folder: string
let run: ReturnType<typeof historyRun>
let room: RoomUnderTest
let history: HistoryFile
/** Who may change what is recorded, and who may not. */
let engineer: ClientSession
let observer: ClientSession
let asked: AskedHistoryEdit[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-'))
  run = historyRun(
    folder,
    tags.map(({ key, ...settings }) => aTag(key, settings)),
  )
  history = new HistoryFile(folder)
  const editor = new HistoryEditor({ database: run.database, clock: systemClock })
  const prepare = (engine: RoomUnderTest['engine']) => {
    engine.editHistory = (edit) => {
      asked.push(edit)
      return editor.apply(edit.edit)
    }
  }
  room = await startRoom({ plant: modbusPlant([modbusDevice('meter', tags)]), history, prepare })
  engineer = await room.session(asUser(users[1].name, users[1].password))
  observer = await room.session()
})
beforeEach(() => {
  asked = []
  run.database.exec('DELETE FROM samples; DELETE FROM chunks')
})
afterAll(async () => {
  await room.end()
  history.close()
  await run.close()
  await rm(folder, { recursive: true })
})

const write = (perform: number, ...values: [minute: number, value: number][]) =>
  writing(
    engineer,
    'meter/level',
    perform,
    values.map(([minute, value]) => ({ time: minutes(minute), value, type: DataType.Double })),
  )
const level = async () => {
  const [result] = await historyRead(observer, rawDetails({ start: START - 1, end: minutes(1_000) }), [
    { nodeId: nodeId('meter/level') },
  ])
  return pairsOf(result).map(([time, value]) => [(time - START) / 60_000, value])
}
const operations = (result: { operationResults: unknown } | undefined) => result?.operationResults

describe('OPC 10000-11 §6.8.2 UpdateDataDetails', () => {
  it('inserts where there is none, and nothing where there is one', async () => {
    const [first] = await historyUpdate(engineer, await write(Perform.insert, [1, 10], [2, 20]))
    expect(first?.statusCode).toBe(StatusCodes.Good)
    expect(operations(first)).toEqual([StatusCodes.GoodEntryInserted, StatusCodes.GoodEntryInserted])
    const [second] = await historyUpdate(engineer, await write(Perform.insert, [2, 99], [3, 30]))
    expect(operations(second)).toEqual([StatusCodes.BadEntryExists, StatusCodes.GoodEntryInserted])
    expect(await level()).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ])
  })

  it('replaces only what there is, and updates in either case', async () => {
    await historyUpdate(engineer, await write(Perform.insert, [1, 10]))
    const results = await historyUpdate(
      engineer,
      await write(Perform.replace, [1, 11], [2, 22]),
      await write(Perform.update, [1, 12], [3, 30]),
    )
    expect(results.map(operations)).toEqual([
      [StatusCodes.GoodEntryReplaced, StatusCodes.BadNoEntryExists],
      [StatusCodes.GoodEntryReplaced, StatusCodes.GoodEntryInserted],
    ])
    expect(await level()).toEqual([
      [1, 12],
      [3, 30],
    ])
  })

  it('refuses a value that is no value of the tag, or has no time that was, and takes the others', async () => {
    const time = minutes(5)
    const details = await writing(engineer, 'meter/level', Perform.insert, [
      { time, value: 1, type: DataType.Float },
      { time, value: [1], type: DataType.Double, array: true },
      { time, value: Number.NaN, type: DataType.Double },
      { time, value: null, type: DataType.Null },
      { value: 1, type: DataType.Double },
      { time: Date.now() + 3_600_000, value: 1, type: DataType.Double },
      { time, value: null, type: DataType.Null, status: StatusCodes.BadSensorFailure },
    ])
    const [result] = await historyUpdate(engineer, details)
    expect(operations(result)).toEqual([
      ...Array.from({ length: 4 }, () => StatusCodes.BadTypeMismatch),
      ...[StatusCodes.BadInvalidTimestamp, StatusCodes.BadInvalidTimestamp, StatusCodes.GoodEntryInserted],
    ])
    expect(await level()).toEqual([[5, null]])
  })

  it.each(dataTypes)('a %s is read as it was written', async (type) => {
    const known = samples[type]
    const wire = typeof known === 'bigint' ? toHighLow(known) : type === 'DateTime' ? toDate(known as number) : known
    const key = `meter/a-${type.toLowerCase()}`
    const [result] = await historyUpdate(
      engineer,
      await writing(engineer, key, Perform.insert, [{ time: minutes(1), value: wire, type: DataType[type] }]),
    )
    expect(operations(result)).toEqual([StatusCodes.GoodEntryInserted])
    const series = { tag: key, shape: { type } }
    const [read] = history.read(series, { first: minutes(1), last: minutes(1), order: 'ascending', limit: 1 })
    expect(read?.value).toEqual(known)
  })

  it('takes arrays of the right length, and no others', async () => {
    const list = (...value: number[]) => ({ value, type: DataType.Int16, array: true })
    const details = await writing(engineer, 'meter/list', Perform.insert, [
      { time: minutes(1), ...list(1, -2, 3) },
      { time: minutes(2), ...list(1, 2) },
    ])
    const [result] = await historyUpdate(engineer, details)
    expect(operations(result)).toEqual([StatusCodes.GoodEntryInserted, StatusCodes.BadTypeMismatch])
  })
})

describe('OPC 10000-11 §6.9', () => {
  beforeEach(async () => {
    await historyUpdate(engineer, await write(Perform.insert, ...[1, 2, 3, 4, 5].map((n): [number, number] => [n, n])))
  })

  it('DeleteRaw deletes from the start to the end, which does not belong to it, and says where there is nothing', async () => {
    const results = await historyUpdate(
      engineer,
      await deletingRange(engineer, 'meter/level', minutes(2), minutes(4)),
      await deletingRange(engineer, 'meter/level', minutes(2), minutes(4)),
      await deletingRange(engineer, 'meter/level', minutes(5), minutes(5)),
      await deletingRange(engineer, 'meter/level', minutes(4), minutes(1)),
      await deletingRange(engineer, 'meter/level', minutes(1), minutes(2), true),
    )
    expect(results.map(({ statusCode }) => statusCode)).toEqual([
      ...[StatusCodes.Good, StatusCodes.BadNoData, StatusCodes.Good],
      ...[StatusCodes.BadInvalidTimestamp, StatusCodes.BadHistoryOperationUnsupported],
    ])
    expect(await level()).toEqual([
      [1, 1],
      [4, 4],
    ])
  })

  it('DeleteAtTime says of each time whether there was something', async () => {
    const [result] = await historyUpdate(
      engineer,
      await deletingTimes(engineer, 'meter/level', [minutes(2), minutes(9)]),
    )
    expect(result?.statusCode).toBe(StatusCodes.Good)
    expect(operations(result)).toEqual([StatusCodes.Good, StatusCodes.BadNoEntryExists])
    expect((await level()).map(([minute]) => minute)).toEqual([1, 3, 4, 5])
  })
})

describe('who may change what is recorded', () => {
  const refusedTo = async (session: ClientSession) => {
    const results = await historyUpdate(
      session,
      await write(Perform.insert, [1, 1]),
      await write(Perform.replace, [1, 1]),
      await deletingRange(engineer, 'meter/level', minutes(1), minutes(2)),
      await deletingTimes(engineer, 'meter/level', [minutes(1)]),
    )
    return results.map(({ statusCode }) => statusCode)
  }

  it('is an engineer, and nobody who only observes', async () => {
    expect(await refusedTo(observer)).toEqual(Array.from({ length: 4 }, () => StatusCodes.BadUserAccessDenied))
    expect(asked).toEqual([])
    expect(await refusedTo(engineer)).not.toContain(StatusCodes.BadUserAccessDenied)
    expect(asked.map(({ by }) => by.user)).toEqual(Array.from({ length: 4 }, () => 'emil'))
  })

  it('is told in the UserAccessLevel of the tag', async () => {
    const levelOf = async (session: ClientSession) =>
      (await session.read({ nodeId: nodeId('meter/level'), attributeId: AttributeIds.UserAccessLevel })).value
        .value as number
    expect((await levelOf(engineer)) & AccessLevelFlag.HistoryWrite).toBeTruthy()
    expect((await levelOf(observer)) & AccessLevelFlag.HistoryWrite).toBe(0)
  })
})

describe('what is not done', () => {
  it('says why, node by node', async () => {
    const results = await historyUpdate(
      engineer,
      await writing(engineer, 'meter/none', Perform.insert, []),
      await writing(engineer, 'meter', Perform.insert, []),
      await write(Perform.remove, [1, 1]),
      await detailsOf(engineer, 'UpdateEventDetails', { nodeId: nodeId('meter') }),
      await write(Perform.insert, [1, 1]),
    )
    expect(results.map(({ statusCode }) => statusCode)).toEqual([
      ...[StatusCodes.BadNodeIdUnknown, StatusCodes.BadHistoryOperationUnsupported],
      ...[StatusCodes.BadHistoryOperationUnsupported, StatusCodes.BadHistoryOperationUnsupported, StatusCodes.Good],
    ])
  })

  it('is said when the engine cannot write, which is logged', async () => {
    const former = room.engine.editHistory
    room.engine.editHistory = () => Promise.reject(new Error('disk full'))
    const [result] = await historyUpdate(engineer, await write(Perform.insert, [1, 1]))
    room.engine.editHistory = former
    expect(result?.statusCode.isGood()).toBe(false)
    expect(room.logged.map(({ message }) => message)).toContain('HistoryUpdate could not be done')
  })

  it('is a request without any details, or with too many', async () => {
    await expect(historyUpdate(engineer)).rejects.toThrow('BadNothingToDo')
    const one = await write(Perform.insert, [1, 1])
    await expect(historyUpdate(engineer, ...Array.from({ length: 101 }, () => one))).rejects.toThrow(
      'BadTooManyOperations',
    )
  })
})
