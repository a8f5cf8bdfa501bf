import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TagValue } from '../../../src/core/data-type.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import { StatusCode, statusName } from '../../../src/core/status-code.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { LastValues } from '../../../src/store/last-values.ts'
import { SeriesBook } from '../../../src/store/series.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

let folder: string
const databases: { close(): void }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => {
  for (const database of databases.splice(0)) database.close()
  rmSync(folder, { recursive: true })
})

function aRun(tags: readonly TagConfig[], clock = new ManualClock(), log = silentLogger) {
  const database = openHistoryDatabase(folder)
  databases.push(database)
  const list = indexed(tags)
  const pipeline = new Pipeline(list, clock)
  const series = new SeriesBook(database)
  series.add(list)
  const lastValues = new LastValues({ database, pipeline, series, clock, log })
  lastValues.restore(list)
  lastValues.start()
  const shown = (index = 0) => [pipeline.table.value(index), statusName(pipeline.table.status[index] as number)]
  return { clock, database, pipeline, lastValues, series, list, shown }
}

/** Bytes as a Buffer, whatever view they came as. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value)
  return Array.isArray(value) ? value.map(plain) : value
}

describe('last values', () => {
  const values: [TagConfig['type'], TagValue, number?][] = [
    ['DateTime', 1_777_890_000_123.25],
    ['Double', [0.1, -0, 1e300], 3],
    ['Boolean', [true, false], 2],
    ['Int64', [-(2n ** 63n), 5n], 2],
    ['UInt64', [2n ** 64n - 1n], 1],
    ['String', ['Grüße\u0000', '\ud800'], 2],
    ['ByteString', [Buffer.from([0, 0x80, 0xff]), Buffer.alloc(0)], 2],
    ['DateTime', [0, 1_777_890_000_123.25], 2],
    ['Boolean', true],
    ['Byte', 7],
    ['Int32', -5],
    ['Int64', -9_223_372_036_854_775_808n],
    ['UInt64', 18_446_744_073_709_551_615n],
    ['Float', 1.5],
    ['Double', 0.1 + 0.2],
    ['String', 'Grüße\u0000'],
    ['ByteString', Buffer.from([0, 0x80, 0xff])],
    ['ByteString', Buffer.alloc(0)],
  ]
  it.each(values)(
    'of type %s come back exactly, Uncertain, with their source time',
    async (type, value, arrayLength) => {
      const first = aRun([aTag('t', { type, arrayLength })])
      first.pipeline.polled(0, value)
      const readAt = first.clock.now()
      await first.lastValues.stop()
      const second = aRun([aTag('t', { type, arrayLength })])
      expect(plain(second.shown())).toEqual([plain(value), 'UncertainLastUsableValue'])
      expect(second.pipeline.table.sourceTime[0]).toBe(readAt)
    },
  )

  it('are on disk a second after they changed, without a stop', async () => {
    const { clock, pipeline, database } = aRun([aTag('t')])
    pipeline.polled(0, 5)
    await clock.advance(1_000)
    expect(database.prepare('SELECT value FROM last_values').pluck().all()).toEqual([5])
  })

  it('of a tag that now has another array length are forgotten', async () => {
    const first = aRun([aTag('t', { arrayLength: 2 })])
    first.pipeline.polled(0, [1, 2])
    await first.lastValues.stop()
    const second = aRun([aTag('t', { arrayLength: 3 })])
    expect(second.shown()).toEqual([[], 'BadWaitingForInitialData'])
  })

  it('of an array that never had a usable value hold nothing up', async () => {
    const first = aRun([aTag('t', { arrayLength: 2 }), aTag('u')])
    first.pipeline.polled(0, [1])
    first.pipeline.polled(1, 5)
    await first.lastValues.stop()
    const second = aRun([aTag('t', { arrayLength: 2 }), aTag('u')])
    expect(second.shown(0)[1]).toBe('BadWaitingForInitialData')
    expect(second.shown(1)).toEqual([5, 'UncertainLastUsableValue'])
  })

  it('of a tag that now has another type are forgotten', async () => {
    const first = aRun([aTag('t', { type: 'Double' })])
    first.pipeline.polled(0, 5)
    await first.lastValues.stop()
    const second = aRun([aTag('t', { type: 'String' })])
    expect(second.shown()[1]).toBe('BadWaitingForInitialData')
  })

  it('follow the tag when the configuration is put in another order', async () => {
    const first = aRun([aTag('a'), aTag('b')])
    first.pipeline.polled(0, 1)
    first.pipeline.polled(1, 2)
    await first.lastValues.stop()
    const second = aRun([aTag('b'), aTag('new'), aTag('a')])
    expect([second.shown(0), second.shown(2)]).toEqual([
      [2, 'UncertainLastUsableValue'],
      [1, 'UncertainLastUsableValue'],
    ])
  })

  it('keep what the device said, not that the connection was lost', async () => {
    const first = aRun([aTag('t')])
    first.pipeline.polled(0, 5)
    first.pipeline.lost([0])
    await first.lastValues.stop()
    expect(first.database.prepare('SELECT status FROM last_values').pluck().get()).toBe(StatusCode.Good)
    expect(aRun([aTag('t')]).shown()).toEqual([5, 'UncertainLastUsableValue'])
  })

  it('that cannot be written are kept, said once, and written when it works again', async () => {
    const log = { ...silentLogger, error: vi.fn(), info: vi.fn() }
    const { clock, pipeline, database, lastValues } = aRun([aTag('t')], new ManualClock(), log)
    database.exec('ALTER TABLE last_values RENAME TO away')
    pipeline.polled(0, 5)
    await clock.advance(3_000)
    expect(lastValues.health).toMatchObject({ ok: false, reason: expect.stringContaining('data folder') })
    expect(log.error).toHaveBeenCalledOnce()
    database.exec('ALTER TABLE away RENAME TO last_values')
    await clock.advance(1_000)
    expect(lastValues.health).toMatchObject({ ok: true, reason: '', lastCommitAt: clock.now() })
    expect(database.prepare('SELECT value FROM last_values').pluck().get()).toBe(5)
  })

  it('of a tag that leaves the plant between two slices hold nothing up', async () => {
    const tags = Array.from({ length: 2_500 }, (_, at) => aTag(`t${at}`))
    const { pipeline, lastValues, database, series, list } = aRun(tags)
    for (const { index } of list) pipeline.polled(index, 1)
    const written = lastValues.commit()
    const gone = list.slice(2_000)
    series.remove(gone)
    pipeline.change({ added: [], updated: [], renewed: [], retired: gone })
    await written
    expect(lastValues.health).toMatchObject({ ok: true })
    expect(database.prepare('SELECT count(*) FROM last_values').pluck().get()).toBe(2_000)
  })

  it('of many tags are written in slices that leave the event loop its turns', async () => {
    const { pipeline, lastValues, database } = aRun(Array.from({ length: 2_500 }, (_, at) => aTag(`t${at}`)))
    for (let tag = 0; tag < 2_500; tag++) pipeline.polled(tag, tag)
    let turns = 0
    const other = () => {
      turns++
      immediate = setImmediate(other)
    }
    let immediate = setImmediate(other)
    await lastValues.commit()
    clearImmediate(immediate)
    expect(turns).toBeGreaterThanOrEqual(2)
    expect(database.prepare('SELECT count(*) FROM last_values').pluck().get()).toBe(2_500)
  })
})
