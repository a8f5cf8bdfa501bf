import { expect, it } from 'vitest'
import type { LevelOverride, LogLevel } from '../../../src/core/log-level.ts'
import { LogLevels } from '../../../src/telemetry/log-levels.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const by = { user: 'olga', origin: 'http' } as const
const override = (target: string, level: LogLevel, until: number): LevelOverride => ({ target, level, until, by })
const line = { source: 'line' }
const meter = { device: 'meter' }

it('only the source, device or part that was named is logged otherwise, the narrower first', () => {
  const clock = new ManualClock()
  const levels = new LogLevels('info', 'engine', clock)
  expect(levels.wants('debug', line, meter)).toBe(false)
  const until = clock.now() + 60_000
  levels.show([override('line', 'debug', until), override('line/meter', 'error', until)])
  expect(levels.wants('debug', line, {})).toBe(true)
  expect(levels.wants('debug', line, { device: 'pump' })).toBe(true)
  expect(levels.wants('warn', line, meter)).toBe(false)
  // A line that names its device alone.
  expect(levels.wants('warn', {}, meter)).toBe(false)
  expect(levels.wants('error', line, meter)).toBe(true)
  expect(levels.wants('debug', { source: 'other' }, {})).toBe(false)
  levels.show([override('@engine', 'debug', until), override('@opcua', 'error', until)])
  expect(levels.wants('debug', { source: 'other' }, {})).toBe(true)
  levels.show([])
  expect(levels.wants('debug', line, meter)).toBe(false)
  expect(levels.wants('info', line, meter)).toBe(true)
})

it('a level returns when its time is over, also where nobody says so any more', async () => {
  const clock = new ManualClock()
  const levels = new LogLevels('warn', 'main', clock)
  levels.show([override('line', 'debug', clock.now() + 60_000)])
  await clock.advance(59_999)
  expect(levels.wants('debug', line, {})).toBe(true)
  await clock.advance(1)
  expect(levels.wants('info', line, {})).toBe(false)
})
