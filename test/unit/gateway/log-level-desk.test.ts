import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/core/audit.ts'
import type { LevelOverride } from '../../../src/core/log-level.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { LogLevelBook } from '../../../src/gateway/log-level-desk.ts'
import { aSourceHealth, type SourceSaid } from '../../support/gateway-health.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const olga = { user: 'olga', origin: 'http' } as const
let clock: ManualClock
let shown: (readonly LevelOverride[])[]
let audited: AuditEntry[]
let sources: readonly SourceSaid[] | undefined
let book: LogLevelBook

beforeEach(() => {
  clock = new ManualClock()
  shown = []
  audited = []
  sources = [aSourceHealth('line')]
  book = new LogLevelBook({
    show: (overrides) => shown.push(overrides),
    sources: async () => sources,
    audit: { append: (entry) => void audited.push(entry) },
    clock,
    log: silentLogger,
  })
})
afterEach(() => book.stop())

it('a level holds in every thread, returns by itself after its time, and both are in the audit log', async () => {
  const answer = await book.set({ target: 'line/meter', level: 'debug', forMs: 60_000 }, olga)
  expect(answer).toMatchObject({ set: { until: clock.now() + 60_000, by: olga } })
  await clock.advance(30_000)
  // Once more: its time begins anew.
  await book.set({ target: 'line/meter', level: 'debug', forMs: 60_000 }, olga)
  await clock.advance(59_999)
  expect(book.list()).toHaveLength(1)
  await clock.advance(1)
  expect(shown.map((each) => each.map(({ target }) => target))).toEqual([['line/meter'], ['line/meter'], []])
  expect(audited.map(({ action, by }) => [action, by.user])).toEqual([
    ['log-level.set', 'olga'],
    ['log-level.set', 'olga'],
    ['log-level.return', 'system'],
  ])
})

it('a level is set back before its time once, by whoever may', async () => {
  await book.set({ target: '@opcua', level: 'debug' }, olga)
  expect(book.reset('@opcua', olga)).toBe(true)
  expect(book.reset('@opcua', olga)).toBe(false)
  await clock.advance(3_600_000)
  expect(audited.map(({ action }) => action)).toEqual(['log-level.set', 'log-level.return'])
})

it('what there is not is refused with the nearest there is, unless the engine cannot say', async () => {
  const problem = async (target: string, forMs?: number) => {
    const answer = await book.set({ target, level: 'debug', forMs }, olga)
    return 'problem' in answer ? answer.problem : ''
  }
  expect(await problem('lime')).toBe('There is no source "lime"; line is one.')
  expect(await problem('line/metre')).toBe('There is no device of line "metre"; meter is one.')
  expect(await problem('@web')).toContain('@main, @engine, @opcua')
  expect(await problem('line', 86_400_001)).toContain('24 h')
  sources = undefined
  expect(await problem('lime')).toBe('')
  for (let more = 0; more < 31; more++) expect(await problem(`source-${more}`)).toBe('')
  expect(await problem('one-more')).toContain('32 levels')
})
