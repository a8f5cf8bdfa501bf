import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Condition } from '../../../src/core/gateway-event.ts'
import { EventBook } from '../../../src/store/event-book.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'

const DAY = 86_400_000
const NOW = 1_800_000_000_000
const disk: Condition = { kind: 'alarm', subject: 'disk', severity: 700, text: 'Disk: 1 GB left', since: NOW }
const line: Condition = { kind: 'source', subject: 'line', severity: 600, text: 'Nothing answers', since: NOW }
const always = () => true

let folder: string
let database: Database.Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-events-'))
  database = openPenstockDatabase(folder)
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true })
})

it('what lasts is written when it begins and when it is over, and not in between', () => {
  const book = new EventBook(database)
  expect(book.show([disk], always, NOW)).toBe(true)
  expect(book.show([{ ...disk, text: 'Disk: 0.9 GB left' }], always, NOW + 5_000)).toBe(false)
  expect(book.page({ limit: 9 }).events).toMatchObject([{ subject: 'disk', text: 'Disk: 0.9 GB left', until: null }])
  expect(book.show([], always, NOW + 10_000)).toBe(true)
  expect(book.page({ limit: 9 }).events).toMatchObject([{ text: 'Disk: 0.9 GB left', since: NOW, until: NOW + 10_000 }])
})

it('what lasted when the gateway ended goes on after a restart, until somebody knows that it is over', () => {
  new EventBook(database).show([disk, line], always, NOW)
  const book = new EventBook(database)
  expect(book.lasting.map(({ subject }) => subject).toSorted()).toEqual(['disk', 'line'])
  expect(book.show([], ({ kind }) => kind === 'alarm', NOW + 1)).toBe(true)
  expect(book.page({ limit: 9, lasting: true }).events).toMatchObject([{ subject: 'line' }])
})

it('is bounded in age and number, and never forgets what lasts', () => {
  const book = new EventBook(database)
  book.show([disk], always, NOW)
  const count = () => database.prepare('SELECT count(*) FROM events').pluck().get() as number
  database
    .prepare(
      'INSERT INTO events (kind, subject, severity, text, since, until) ' +
        "SELECT 'source', 'old', 1, '', value, value FROM json_each(?)",
    )
    .run(JSON.stringify(Array(10_050).fill(NOW)))
  book.show([disk, { ...line, subject: 'other' }], always, NOW + DAY)
  expect(count()).toBe(10_001)
  book.show([disk], always, NOW + 92 * DAY)
  expect(book.page({ limit: 9 }).events).toMatchObject([{ subject: 'other' }, { subject: 'disk', until: null }])
  expect(count()).toBe(2)
})

it('has how commands ended among the others, each once over all pages', () => {
  const book = new EventBook(database)
  book.show([{ ...line, since: NOW + 1 }], always, NOW)
  const insert = database.prepare(
    'INSERT INTO commands (device, subject, what, user, origin, state, reason, status, priority, accepted_at, changed_at, deadline) ' +
      "VALUES ('pump', 'start', '{}', 'olga', 'http', ?, 'No answer', ?, 0, 0, ?, 0)",
  )
  for (const [state, status] of [
    ['confirmed', 0],
    ['failed', 1],
    ['queued', null],
    ['transmitted', null],
  ]) {
    insert.run(state, status, NOW + 1)
  }
  const seen: string[] = []
  let before: string | undefined
  do {
    const { events, next } = book.page({ limit: 1, before })
    seen.push(...events.map(({ subject, state }) => `${subject} ${state ?? ''}`))
    before = next
  } while (before !== undefined)
  expect(seen).toEqual(['pump/start failed', 'pump/start confirmed', 'line '])
  expect(book.page({ limit: 9, minSeverity: 500, kinds: ['command'] }).events).toMatchObject([{ state: 'failed' }])
  expect(book.page({ limit: 9, search: 'NO ANSWER' }).events).toHaveLength(2)
  expect(book.page({ limit: 9, before: 'anything' }).events).toHaveLength(3)
})
