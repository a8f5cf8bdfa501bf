import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { systemClock } from '../../../src/core/clock.ts'
import type { TagValue } from '../../../src/core/data-type.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { HistoryCompaction } from '../../../src/store/history-compaction.ts'
import { historyRun } from '../../support/history-run.ts'
import { randomFrom } from '../../support/seeded-random.ts'
import { aTag } from '../../support/small-plant.ts'
import { type Experiment, makeRow, type Row } from '../row.ts'

const SAMPLES = 100_000
const GOAL = 6
const DAY = 86_400_000
const SEED = 1

interface Series {
  readonly name: string
  readonly what: string
  readonly tag: TagConfig
  /** Time since the one before, how long the way to the gateway takes, and the value, of one sample after the other. */
  readonly next: (random: () => number) => { readonly after: number; readonly behind: number; readonly value: TagValue }
}

/** About a normal distribution, from -1.5 to 1.5. */
const noise = (random: () => number): number => random() + random() + random() - 1.5

const series: readonly (() => Series)[] = [
  () => {
    let temperature = 20
    return {
      name: 'slow-sensor',
      what: 'a LoRaWAN sensor, every quarter of an hour, in hundredths of a degree',
      tag: aTag('t', { type: 'Double', history: 'every' }),
      next: (random) => {
        temperature += 0.3 * noise(random)
        const behind = 80 + Math.round(60 * random())
        return {
          after: 900_000 + Math.round(1_500 * noise(random)),
          behind,
          value: Math.round(100 * temperature) / 100,
        }
      },
    }
  },
  () => {
    let second = 0
    return {
      name: 'noisy-analog',
      what: 'a Float that is polled every second, never twice the same',
      tag: aTag('t', { type: 'Float', history: 'every' }),
      next: (random) => ({
        after: 1_000 + Math.round(3 * noise(random)),
        behind: 0,
        value: Math.fround(50 + 10 * Math.sin(second++ / 300) + 0.5 * noise(random)),
      }),
    }
  },
  () => {
    let count = 1_000_000n
    return {
      name: 'counter',
      what: 'a counter of 64 bits that is polled every second',
      tag: aTag('t', { type: 'UInt64', history: 'every' }),
      next: (random) => {
        count += BigInt(Math.floor(8 * random()))
        return { after: 1_000 + Math.round(3 * noise(random)), behind: 0, value: count }
      },
    }
  },
  () => {
    let on = false
    return {
      name: 'boolean',
      what: 'a contact, each change within a minute of the one before, to the millisecond',
      tag: aTag('t', { type: 'Boolean', history: 'change' }),
      next: (random) => {
        on = !on
        return { after: 1 + Math.floor(60_000 * random()), behind: 0, value: on }
      },
    }
  },
]

/** What history takes on disk once it is compacted, everything of the file that is used counted. */
export const historySize: Experiment = {
  rows: Object.fromEntries(
    series.map((make) => [`history-size-${make().name}`, `bytes a sample, compacted, beside rows: ${make().what}`]),
  ),
  async measure(say) {
    const rows: Row[] = []
    for (const make of series) {
      const each = make()
      say(`${SAMPLES} samples of ${each.name} are written and compacted`)
      rows.push(await sizeOf(each))
    }
    return rows
  },
}

async function sizeOf({ name, tag, next }: Series): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const { database, writer, close } = historyRun(folder, [tag])
  const random = randomFrom(SEED)
  const empty = used(database)
  let time = systemClock.now() - 40 * 365 * DAY
  for (let n = 0; n < SAMPLES; n++) {
    const { after, behind, value } = next(random)
    time += after
    writer.record(0, value, StatusCode.Good, time, time + behind)
    if (n % 1_000 === 999) await writer.commit()
  }
  await writer.commit()
  const asRows = used(database) - empty
  const parts = { database, keepMs: 90 * DAY, clock: systemClock, log: silentLogger }
  const compaction = new HistoryCompaction(parts)
  compaction.start()
  const from = performance.now()
  const compacted = await compaction.run()
  const took = performance.now() - from
  await compaction.stop()
  if (compacted !== SAMPLES) throw new Error(`${compacted} of ${SAMPLES} samples were compacted, in ${took} ms`)
  const size = used(database) - empty
  await close()
  rmSync(folder, { recursive: true })
  return makeRow({
    name: `history-size-${name}`,
    unit: 'bytes',
    value: size / SAMPLES,
    baseline: asRows / SAMPLES,
    goal: `<= ${GOAL} bytes a sample`,
    ok: (bytes) => bytes <= GOAL,
  })
}

/** Bytes of the pages that hold something. */
function used(database: Database.Database): number {
  const pragma = (name: string) => database.pragma(name, { simple: true }) as number
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
}
