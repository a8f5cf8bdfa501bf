import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { AuditRetention } from '../../../src/store/audit-retention.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const DAY = 86_400_000
const KEEP = 365 * DAY
const by = { user: 'olga', origin: 'opcua' } as const

let folder: string
let database: Database.Database
let audit: AuditLog
let clock: ManualClock
let schedule: (() => void) | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  database = openPenstockDatabase(folder)
  database.pragma('synchronous = OFF')
  audit = new AuditLog(database)
  clock = new ManualClock()
  schedule = undefined
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

function aRetention(settings: Partial<{ maxRows: number; log: typeof silentLogger }> = {}) {
  const made = new AuditRetention({
    keepMs: KEEP,
    maxRows: 1_000_000,
    database,
    audit,
    clock,
    log: silentLogger,
    schedule: (sweep) => {
      schedule = sweep
      return () => {
        schedule = undefined
      }
    },
    ...settings,
  })
  made.start()
  return made
}
/** Rows of these ages. */
const write = (...ages: number[]) =>
  database.transaction(() => {
    for (const age of ages) {
      audit.append({ at: clock.now() - age, by, action: 'login', subject: String(age), outcome: 'done' })
    }
  })()
const rows = () => audit.page(100_000).map(({ action, subject }) => (action === 'login' ? Number(subject) : action))

describe('rows of the audit log', () => {
  it('are deleted at their age, and that they were stands in the log', async () => {
    const retention = aRetention()
    write(KEEP + 2, KEEP + 1, KEEP, 0)
    schedule?.()
    await retention.stop()
    expect(rows()).toEqual(['audit.cut', 0, KEEP])
    expect(audit.page(1)[0]).toMatchObject({
      at: clock.now(),
      by: { user: 'system' },
      subject: 'audit',
      details: { deleted: 2, olderThan: new Date(clock.now() - KEEP).toISOString() },
    })
    expect(schedule).toBeUndefined()
  })

  it('are left alone where none is too old, and nothing is written of it', async () => {
    const retention = aRetention()
    expect(await retention.sweep()).toBe(0)
    write(KEEP, 5)
    expect(await retention.sweep()).toBe(0)
    expect(rows()).toEqual([5, KEEP])
    await retention.stop()
  })

  it('are deleted from the oldest on where there are too many, whatever their age', async () => {
    const retention = aRetention({ maxRows: 10_000 })
    write(...Array.from({ length: 11_200 }, (_, at) => 11_200 - at))
    expect(await retention.sweep()).toBe(1_200)
    // Of a cut of several steps the log has the beginning, which went with the first, and the end.
    expect(rows().slice(0, 3)).toEqual(['audit.cut-end', 'audit.cut', 1])
    expect(rows().at(-1)).toBe(10_000)
    expect(audit.page(1)[0]?.details).toEqual({ upToRow: 1_200, maxRows: 10_000, deleted: 1_200 })
    await retention.stop()
  })

  it('go in steps between which others have their turn, and not all at once', async () => {
    const retention = aRetention()
    write(...Array.from({ length: 20_000 }, () => KEEP + 1))
    let turns = 0
    let over = false
    const count = () => {
      turns++
      if (!over) setImmediate(count)
    }
    // Every look at the clock is a millisecond later, so that turns end.
    const monotonic = clock.monotonic.bind(clock)
    let looks = 0
    clock.monotonic = () => monotonic() + looks++ * 4
    setImmediate(count)
    expect(await retention.sweep()).toBe(20_000)
    over = true
    expect(turns).toBeGreaterThan(10)
    await retention.stop()
  })

  it('do not all go with a clock that is ten years ahead: each time a month of the oldest at most', async () => {
    const retention = aRetention()
    write(300 * DAY, 290 * DAY, 200 * DAY, 0)
    await clock.advance(3_650 * DAY)
    expect(await retention.sweep()).toBe(2)
    const left = rows().filter((row) => row !== 'audit.cut')
    expect(left).toEqual([0, 200 * DAY])
    await retention.stop()
  })

  it('stay where the database cannot be written, which is said, and tried again the next time', async () => {
    const lines: string[] = []
    const log = { ...silentLogger, error: (_fields: object, message: string) => void lines.push(message) }
    const retention = aRetention({ log })
    write(KEEP + 1, 0)
    database.pragma('query_only = ON')
    expect(await retention.sweep()).toBe(0)
    expect(lines).toEqual([expect.stringContaining('tried again')])
    database.pragma('query_only = OFF')
    expect(await retention.sweep()).toBe(1)
    expect(rows()).toEqual(['audit.cut', 0])
    await retention.stop()
  })
})
