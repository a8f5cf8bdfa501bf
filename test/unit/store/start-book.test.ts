import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { StartBook } from '../../../src/store/start-book.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const minute = 60_000
let dataFolder: string
let clock: ManualClock
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'penstock-starts-'))
  clock = new ManualClock()
})
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }))

/** A process that starts; it is never told that it dies. */
const start = () => {
  const book = new StartBook({ dataFolder, clock, log: silentLogger })
  return { before: book.begin(), book }
}

it('counts the starts that came to no end, and forgets them after one that did', async () => {
  for (const expected of [0, 1, 2, 3]) {
    expect(start().before).toBe(expected)
    await clock.advance(1_000)
  }
  start().book.settle()
  expect(start().before).toBe(0)
})

it('crashes that are long ago do not count', async () => {
  start()
  await clock.advance(4 * minute)
  clock.jump(12 * minute)
  expect(start().before).toBe(0)
})

it('a gateway that has run for five minutes has not crashed at its start, whatever ends it then', async () => {
  start()
  start()
  await clock.advance(5 * minute)
  expect(start().before).toBe(0)
})

it('is on disk at once, and a file that is damaged or cannot be written keeps nobody from starting', () => {
  start()
  const file = join(dataFolder, 'starts.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ unfinished: [clock.now()] })
  writeFileSync(file, '{"unfin')
  expect(start().before).toBe(0)
  expect(start().before).toBe(1)
  const nowhere = new StartBook({ dataFolder: file, clock, log: silentLogger })
  expect(nowhere.begin()).toBe(0)
})
