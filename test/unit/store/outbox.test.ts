import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { HistoryRetention } from '../../../src/store/history-retention.ts'
import { HistorySpace } from '../../../src/store/history-space.ts'
import { HistoryWriter } from '../../../src/store/history-writer.ts'
import { emptyOutbox, Outbox, type OutboxLimits } from '../../../src/store/outbox.ts'
import { unpackDeletions, unpackSamples } from '../../../src/store/outbox-codec.ts'
import { OutboxFile } from '../../../src/store/outbox-file.ts'
import { historyRun } from '../../support/history-run.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

const DAY = 86_400_000
const tags = [aTag('a'), aTag('b', { type: 'String' }), aTag('c', { type: 'Int64' }), aTag('d', { type: 'ByteString' })]

let folder: string
let run: ReturnType<typeof historyRun>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  run = historyRun(folder, tags)
})
afterEach(async () => {
  await run.close()
  rmSync(folder, { recursive: true })
})

/** A writer whose samples a sink gets too. */
function withSink(limits: Partial<OutboxLimits> = {}) {
  const { database, series, clock } = run
  let told = 0
  const outbox = new Outbox({
    database,
    limits: { maxSize: 1_000_000, ...limits },
    clock,
    log: silentLogger,
    onMore: () => told++,
  })
  const writer = new HistoryWriter({ database, series, outbox, clock, log: silentLogger })
  const record = async (tag: number, time: number, value: Parameters<HistoryWriter['record']>[1]) => {
    writer.record(tag, value, 0, time, clock.now())
    await writer.commit()
  }
  return { outbox, writer, record, told: () => told }
}

function entries() {
  const file = new OutboxFile(folder)
  const found = file.next(0, file.last, 1_000_000)
  file.close()
  return found
}
const samplesOf = () => entries().flatMap(({ data }) => unpackSamples(data))

describe('the outbox', () => {
  it('has every value as the history has it, in the order in which it came', async () => {
    const { writer, outbox, told } = withSink()
    const values = [
      [0, -0.5],
      [1, 'Grüße\u0000'],
      [1, ''],
      [2, -9_223_372_036_854_775_808n],
      [3, Buffer.from([0, 255])],
    ]
    for (const [at, [tag, value]] of values.entries()) writer.record(tag as number, value as never, at, 1_000 + at, 5)
    writer.record(0, undefined, 0x80000000, -1, 6)
    await writer.commit()
    expect(samplesOf().map(({ value, status, sourceTime }) => [value, status, sourceTime])).toEqual([
      ...values.map(([, value], at) => [value, at, 1_000 + at]),
      [null, 0x80000000, -1],
    ])
    expect(outbox.health).toMatchObject({ waiting: 6, lost: 0, reason: '' })
    expect(told()).toBe(1)
  })

  it('has nothing of a sample that only repeats what is recorded', async () => {
    const { record } = withSink()
    await record(0, 1_000, 1)
    await record(0, 1_000, 1)
    await record(0, 1_000, 2)
    expect(samplesOf().map(({ value }) => value)).toEqual([1, 2])
  })

  it('forgets what is confirmed, and counts what waits across a restart', async () => {
    const { record, outbox } = withSink()
    for (const time of [1, 2, 3]) await record(0, time, time)
    const [first] = entries()
    expect(outbox.confirm([first?.id ?? 0])).toEqual([first?.id])
    expect(outbox.health.waiting).toBe(2)
    expect(withSink().outbox.health).toEqual(outbox.health)
  })

  it('gives up what is older than it may be, and says so until the sink has everything again', async () => {
    const { record, outbox } = withSink({ keepMs: DAY })
    await record(0, 1, 1)
    await run.clock.advance(2 * DAY)
    await record(0, 2, 2)
    expect(outbox.health).toMatchObject({ waiting: 1, lost: 1, reason: expect.stringContaining('given up') })
    outbox.confirm(entries().map(({ id }) => id))
    expect(outbox.health).toMatchObject({ waiting: 0, lost: 1, reason: '', oldestAt: null })
  })

  it('keeps what users write and delete as changes, not as samples', () => {
    const { outbox } = withSink()
    const series = { tag: 'meter/a', shape: { type: 'Double' } } as const
    outbox.addWritten(series, [{ value: 1, status: 0, sourceTime: 5, serverTime: 6 }])
    outbox.addDeleted(series, [{ first: 1, last: 2 }])
    outbox.addDeleted({ ...series, tag: 'meter/unknown' }, [{ first: 1, last: 2 }])
    const [written, deleted, ...others] = entries()
    expect([written?.kind, deleted?.kind, others]).toEqual([1, 2, []])
    expect(unpackDeletions(deleted?.data ?? Buffer.alloc(0))).toMatchObject([{ first: 1, last: 2 }])
  })

  it('takes no room from the history, and keeps the names of its series', async () => {
    const { outbox } = withSink()
    const { database, series, clock } = run
    const before = new HistorySpace(database).used
    const value = randomBytes(200_000)
    const shape = { type: 'ByteString' } as const
    outbox.addWritten({ tag: 'meter/d', shape }, [{ value, status: 0, sourceTime: 1, serverTime: 1 }])
    expect(new HistorySpace(database).used - before).toBeLessThan(20_000)
    series.remove(indexed(tags))
    const retention = { database, series, devices: () => [], keepMs: 0, clock, log: silentLogger }
    await sweep(retention)
    expect(database.prepare('SELECT count(*) FROM series').pluck().get()).toBe(4)
    expect(emptyOutbox(database)).toBe(1)
    await sweep(retention)
    expect(database.prepare('SELECT count(*) FROM series').pluck().get()).toBe(0)
  })
})

async function sweep(parts: ConstructorParameters<typeof HistoryRetention>[0]) {
  const retention = new HistoryRetention(parts)
  retention.start()
  await retention.sweep()
  await retention.stop()
}
