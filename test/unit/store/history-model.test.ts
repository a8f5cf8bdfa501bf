import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AggregateEvaluation } from '../../../src/core/aggregates/evaluate.ts'
import { defaultAggregateConfiguration } from '../../../src/core/aggregates/quality.ts'
import type { TagValue } from '../../../src/core/data-type.ts'
import type { EditOutcome, WriteMode } from '../../../src/core/history-edit.ts'
import {
  EARLIEST,
  type HistorySource,
  LATEST,
  type RecordedSample,
  type SeriesName,
} from '../../../src/core/history-source.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { HistoryCompaction } from '../../../src/store/history-compaction.ts'
import { HistoryEditor } from '../../../src/store/history-editor.ts'
import { HistoryFile } from '../../../src/store/history-file.ts'
import { HistoryRetention } from '../../../src/store/history-retention.ts'
import { historyOf, historyRun } from '../../support/history-run.ts'
import { aTag } from '../../support/small-plant.ts'

const MINUTE = 60_000
const KEEP = 20 * 60 * MINUTE
const tags = [
  aTag('level', { type: 'Double', history: 'every' }),
  aTag('count', { type: 'UInt64', history: 'every' }),
  aTag('on', { type: 'Boolean', history: 'every' }),
  aTag('text', { type: 'String', history: 'every' }),
]
const ofNumber: readonly ((n: number) => TagValue)[] = [
  (n) => n / 10,
  (n) => 2n ** 63n + BigInt(n),
  (n) => n % 2 === 0,
  (n) => `text ${n}`,
]

/** What a plain list would know of a tag: the last statement for each time, and when equal ones were received. */
interface Known {
  readonly value: TagValue | null
  readonly status: number
  readonly received: Map<string, number[]>
}

const seriesOf = (tag: number): SeriesName => {
  const { key, ...shape } = tags[tag] as (typeof tags)[number]
  return { tag: `meter/${key}`, shape }
}

const outcomeOf = (mode: WriteMode, exists: boolean): EditOutcome => {
  if (exists) return mode === 'insert' ? 'exists' : 'replaced'
  return mode === 'replace' ? 'missing' : 'inserted'
}

/** The store and a plain model of it, to which the same happens. */
class Twin {
  readonly #folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  readonly #model = tags.map(() => new Map<number, Known>())
  readonly #file = new HistoryFile(this.#folder)
  readonly #run = historyRun(this.#folder, tags)
  readonly #compaction: HistoryCompaction
  readonly #retention: HistoryRetention
  readonly #editor: HistoryEditor
  #deletedBefore = EARLIEST

  constructor() {
    const { database, series, clock } = this.#run
    const parts = { database, series, clock, keepMs: KEEP, log: silentLogger }
    this.#compaction = new HistoryCompaction(parts)
    this.#retention = new HistoryRetention({ ...parts, devices: () => ['meter'] })
    this.#editor = new HistoryEditor(parts)
    this.#compaction.start()
    this.#retention.start()
  }

  get now(): number {
    return this.#run.clock.now()
  }

  say(tag: number, time: number, n: number): void {
    const status = n % 7 === 0 ? 0x8000_0000 : n % 5 === 0 ? 0x4000_0000 : 0
    const value = status === 0x8000_0000 ? null : (ofNumber[tag] as (n: number) => TagValue)(n)
    this.#run.writer.record(tag, value ?? undefined, status, time, this.now)
    const received = this.#model[tag]?.get(time)?.received ?? new Map<string, number[]>()
    const statement = `${status} ${value}`
    received.set(statement, [...(received.get(statement) ?? []), this.now])
    this.#model[tag]?.set(time, { value, status, received })
  }

  /** A user writes values at these times. */
  async write(tag: number, mode: WriteMode, times: readonly number[], n: number): Promise<void> {
    const value = (ofNumber[tag] as (n: number) => TagValue)(n)
    const sample = (sourceTime: number) => ({ value, status: 0, sourceTime, serverTime: this.now })
    const samples = times.map(sample)
    const { outcomes } = await this.#editor.apply({ kind: 'write', series: seriesOf(tag), mode, samples })
    for (const [at, time] of times.entries()) {
      const model = this.#model[tag] as Map<number, Known>
      const expected = outcomeOf(mode, model.has(time))
      // What may have been deleted need not be there, and then it is as if it had never been.
      const outcome = time < this.#deletedBefore ? outcomes[at] : expected
      expect(outcomes[at]).toBe(outcome)
      if (outcome !== 'inserted' && outcome !== 'replaced') continue
      const received = model.get(time)?.received ?? new Map<string, number[]>()
      received.set(`0 ${value}`, [...(received.get(`0 ${value}`) ?? []), this.now])
      model.set(time, { value, status: 0, received })
    }
  }

  async deleteTimes(tag: number, times: readonly number[]): Promise<void> {
    const { outcomes } = await this.#editor.apply({ kind: 'deleteTimes', series: seriesOf(tag), times })
    for (const [at, time] of times.entries()) {
      const isKnown = this.#model[tag]?.delete(time)
      if (time >= this.#deletedBefore) expect(outcomes[at]).toBe(isKnown ? 'deleted' : 'missing')
    }
  }

  async deleteRange(tag: number, first: number, last: number): Promise<void> {
    const model = this.#model[tag] as Map<number, Known>
    const { deleted } = await this.#editor.apply({ kind: 'deleteRange', series: seriesOf(tag), first, last })
    let known = 0
    for (const time of [...model.keys()].filter((each) => each >= first && each <= last)) {
      model.delete(time)
      if (time >= this.#deletedBefore) known++
    }
    expect(deleted).toBeGreaterThanOrEqual(known)
  }

  commit = () => this.#run.writer.commit()
  compact = () => this.#compaction.run()
  // No timer may fire: compacting and deleting are steps of their own.
  wait = (ms: number) => this.#run.clock.jump(ms)

  async sweep(): Promise<void> {
    this.#deletedBefore = Math.max(this.#deletedBefore, this.now - KEEP)
    await this.#retention.sweep()
  }

  /** A read answers what the model has; of what may have been deleted it answers nothing that the model has not. */
  check(tag: number, first: number, last: number, order: 'ascending' | 'descending', limit: number): void {
    const read = this.#file.read(seriesOf(tag), { first, last, order, limit })
    this.#compare(tag, read, first, last, order, limit)
  }

  async end(): Promise<void> {
    await this.commit()
    for (const [tag, { key }] of tags.entries()) {
      this.check(tag, EARLIEST, LATEST, 'ascending', 100_000)
      this.#compare(tag, historyOf(this.#folder, `meter/${key}`), EARLIEST, LATEST, 'ascending', 100_000)
    }
    this.#checkAggregates()
    this.#file.close()
    await this.#compaction.stop()
    await this.#retention.stop()
    await this.#run.close()
    rmSync(this.#folder, { recursive: true })
  }

  /** What chunks are summarized as comes to the same as their samples. */
  #checkAggregates(): void {
    const file = this.#file
    const plain: HistorySource = { read: (...asked) => file.read(...asked), summaries: () => [], columns: () => [] }
    for (const [tag, name] of [
      ['level', 'Average'],
      ['count', 'Maximum'],
      ['on', 'Count'],
      ['level', 'Range'],
    ] as const) {
      const { key, ...shape } = tags.find((each) => each.key === tag) as (typeof tags)[number]
      for (const width of [9 * 60 * MINUTE, 17 * MINUTE]) {
        const plan = { start: this.now - 40 * 60 * MINUTE, end: this.now + 1, width }
        const results = (source: HistorySource) => {
          const series = { tag: `meter/${key}`, shape }
          const options = { source, series, config: defaultAggregateConfiguration, stepped: false }
          const evaluation = new AggregateEvaluation(name, plan, options)
          return Array.from({ length: 5 }, (_, index) => [...stepsOf(evaluation.interval(index))])
        }
        expect(results(file)).toEqual(results(plain))
      }
    }
  }

  #compare(
    tag: number,
    read: readonly RecordedSample[],
    first: number,
    last: number,
    order: string,
    limit: number,
  ): void {
    const model = this.#model[tag] as Map<number, Known>
    const present = new Set(read.map(({ sourceTime }) => sourceTime))
    const expected = [...model.entries()]
      .filter(([time]) => time >= first && time <= last)
      .filter(([time]) => time >= this.#deletedBefore || present.has(time))
      .sort(([one], [other]) => (order === 'ascending' ? one - other : other - one))
      .slice(0, limit)
    expect(read.map(({ sourceTime, value, status }) => [sourceTime, value, status])).toEqual(
      expected.map(([time, { value, status }]) => [time, value, status]),
    )
    for (const { sourceTime, value, status, serverTime } of read) {
      expect(model.get(sourceTime)?.received.get(`${status} ${value}`)).toContain(serverTime)
    }
  }
}

/** The result of an interval that is calculated step by step. */
function* stepsOf<Result>(steps: Generator<undefined, Result>): Generator<Result> {
  let step = steps.next()
  while (!step.done) step = steps.next()
  yield step.value
}

const tag = fc.nat({ max: tags.length - 1 })
const minutesAgo = fc.nat({ max: 30 * 60 })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('say'), tag, ago: minutesAgo, n: fc.nat({ max: 50 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('burst'),
      tag,
      ago: minutesAgo,
      n: fc.nat({ max: 50 }),
      many: fc.constantFrom(3, 40, 900, 2_300),
      every: fc.constantFrom(1, 7_000, MINUTE),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ago: fc.constantFrom(1, 30, 90, 600) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('compact') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('insert', 'replace', 'update', 'deleteTimes', 'deleteRange'),
      tag,
      ago: minutesAgo,
      n: fc.nat({ max: 50 }),
      many: fc.constantFrom(1, 5, 130),
      every: fc.constantFrom(1, 7_000, MINUTE),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read'),
      tag,
      ago: minutesAgo,
      many: fc.constantFrom(1, 10, 500, 5_000),
      every: fc.nat({ max: 10 * 60 * MINUTE }),
      order: fc.constantFrom('ascending', 'descending'),
    }),
  },
)

it('whatever is recorded, late or twice, compacted, changed by users and deleted, reads as in a plain list', async () => {
  const run = async (steps: readonly object[]) => {
    const twin = new Twin()
    for (const each of steps) {
      const {
        kind,
        tag = 0,
        ago = 0,
        n = 0,
        many = 1,
        every = 1,
        order = 'ascending',
      } = each as {
        kind: string
        tag?: number
        ago?: number
        n?: number
        many?: number
        every?: number
        order?: 'ascending' | 'descending'
      }
      const time = twin.now - ago * MINUTE
      if (kind === 'say') twin.say(tag, time, n)
      if (kind === 'burst') for (let at = 0; at < many; at++) twin.say(tag, time - at * every, n + at)
      await twin.commit()
      const times = Array.from({ length: many }, (_, at) => time - at * every)
      if (kind === 'insert' || kind === 'replace' || kind === 'update') await twin.write(tag, kind, times, n)
      if (kind === 'deleteTimes') await twin.deleteTimes(tag, times)
      if (kind === 'deleteRange') await twin.deleteRange(tag, time, time + many * every)
      if (kind === 'wait') twin.wait(ago * MINUTE)
      if (kind === 'compact') await twin.compact()
      if (kind === 'sweep') await twin.sweep()
      if (kind === 'read') twin.check(tag, time, time + every, order, many)
    }
    await twin.end()
  }
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), run), { numRuns: 40 })
}, 60_000)
