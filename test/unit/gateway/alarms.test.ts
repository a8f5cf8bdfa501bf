import { beforeEach, describe, expect, it } from 'vitest'
import { type Alarm, type AlarmName, alarmNames } from '../../../src/core/alarm.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { AlarmBook } from '../../../src/gateway/alarm-book.ts'
import { AlarmWatch, type Figures } from '../../../src/gateway/alarm-watch.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

const room = { state: 'running', restarts: 0, lastRestart: '', failures: 0, silent: false, heapShare: 0.1 } as const
const allWell: Figures = {
  checks: (['disk', 'store', 'history', 'postgres', 'certificates', 'backup'] as const).map((name) => ({
    name,
    state: 'ok',
    reason: '',
  })),
  rooms: { engine: room, opcua: room },
  engine: { commands: { waiting: 0, limit: 100 } },
  safeMode: null,
  memory: { used: 100, limit: 1_000 },
}
const warned = (name: 'disk' | 'store' | 'history' | 'postgres' | 'certificates' | 'backup'): Partial<Figures> => ({
  checks: allWell.checks.map((each) =>
    each.name === name ? { name, state: 'warning', reason: `${name} is bad` } : each,
  ),
})

let clock: ManualClock
let figures: Figures
let told: Alarm[]
let book: AlarmBook
let watch: AlarmWatch
beforeEach(async () => {
  clock = new ManualClock()
  figures = allWell
  told = []
  book = new AlarmBook({ clock, log: silentLogger, onChange: (alarm) => told.push(alarm) })
  watch = new AlarmWatch({ book, figures: async () => figures, clock, log: silentLogger })
  watch.start()
  await settle()
})

const lasting = () => book.list().filter(({ until }) => until === null)
const LOOK = 5_000

const causes: readonly [AlarmName, Partial<Figures>][] = [
  ['safe-mode', { safeMode: { since: 1, reason: 'crashes' } }],
  ['engine-blocked', { rooms: { engine: { ...room, silent: true }, opcua: room } }],
  ['opcua-blocked', { rooms: { engine: room, opcua: { ...room, silent: true } } }],
  ['engine-unstable', { rooms: { engine: { ...room, failures: 3, lastRestart: 'it threw' }, opcua: room } }],
  ['opcua-unstable', { rooms: { engine: room, opcua: { ...room, failures: 3, lastRestart: 'it threw' } } }],
  ['engine-memory', { rooms: { engine: { ...room, heapShare: 0.75 }, opcua: room } }],
  ['opcua-memory', { rooms: { engine: room, opcua: { ...room, heapShare: 0.75 } } }],
  ['memory', { memory: { used: 900, limit: 1_000 } }],
  ['command-queue', { engine: { commands: { waiting: 85, limit: 100 } } }],
  ['disk', warned('disk')],
  ['store', warned('store')],
  ['history', warned('history')],
  ['postgres', warned('postgres')],
  ['certificates', warned('certificates')],
  ['backup', warned('backup')],
]

describe('an alarm', () => {
  it.each(causes)('%s begins with its cause and is over without it', async (name, cause) => {
    figures = { ...allWell, ...cause }
    await clock.advance(LOOK)
    const since = clock.now()
    expect(lasting()).toEqual([expect.objectContaining({ name, since, until: null })])
    expect(lasting()[0]?.text).not.toBe('')
    await clock.advance(LOOK)
    expect(told).toHaveLength(1)
    figures = allWell
    await clock.advance(LOOK)
    expect(lasting()).toEqual([])
    expect(book.list()).toEqual([expect.objectContaining({ name, since, until: clock.now() })])
    expect(told.map(({ until }) => until)).toEqual([null, clock.now()])
  })

  it('clock-jump says by how much the clock was set, and is shown for ten minutes', async () => {
    await clock.advance(2_500)
    clock.jump(-3_600_000)
    await clock.advance(1_000)
    expect(lasting()).toEqual([expect.objectContaining({ name: 'clock-jump' })])
    expect(lasting()[0]?.text).toContain('back by 3600 s')
    await clock.advance(10 * 60_000 + 1_000)
    expect(lasting()).toEqual([])
  })

  it('main-blocked tells of a tick that came much too late', async () => {
    const late = new ManualClock()
    const ticks: (() => void)[] = []
    const seen = new AlarmBook({ clock: late, log: silentLogger, onChange: () => undefined })
    const every = (_period: number, action: () => void) => {
      ticks.push(action)
      return () => undefined
    }
    const blocked = { now: () => late.now(), monotonic: () => late.monotonic(), after: late.after.bind(late), every }
    new AlarmWatch({ book: seen, figures: async () => allWell, clock: blocked, log: silentLogger }).start()
    await late.advance(1_000)
    ticks[0]?.()
    expect(seen.list()).toEqual([])
    await late.advance(7_000)
    ticks[0]?.()
    expect(seen.list()).toEqual([expect.objectContaining({ name: 'main-blocked', until: null })])
  })

  it('every alarm that there is has a test of its own', () => {
    const tested = [...causes.map(([name]) => name), 'clock-jump', 'main-blocked']
    expect(tested.toSorted()).toEqual(alarmNames.toSorted())
  })

  it('does not come and go at its border, and follows with its figures', async () => {
    const withQueue = async (waiting: number) => {
      figures = { ...allWell, engine: { commands: { waiting, limit: 100 } } }
      await clock.advance(LOOK)
    }
    for (const waiting of [80, 79, 81, 61, 90]) await withQueue(waiting)
    expect(told).toHaveLength(1)
    expect(lasting()[0]?.text).toContain('90 of at most 100')
    await withQueue(59)
    expect(lasting()).toEqual([])
  })

  it('stays as it is while nobody can say how it is', async () => {
    figures = { ...allWell, ...warned('store') }
    await clock.advance(LOOK)
    figures = {
      ...allWell,
      engine: null,
      checks: allWell.checks.map((each) =>
        each.name === 'store' ? { ...each, state: 'unknown', reason: 'silent' } : each,
      ),
    }
    await clock.advance(LOOK)
    expect(lasting()).toEqual([expect.objectContaining({ name: 'store', text: 'store is bad' })])
  })

  it('the gravest comes first, and what is over is kept within bounds', async () => {
    figures = { ...allWell, ...warned('backup'), safeMode: { since: 1, reason: 'crashes' } }
    await clock.advance(LOOK)
    expect(lasting().map(({ name }) => name)).toEqual(['safe-mode', 'backup'])
    for (let n = 0; n < 120; n++) {
      figures = n % 2 === 0 ? allWell : { ...allWell, ...warned('disk') }
      await clock.advance(LOOK)
    }
    expect(book.list().length).toBeLessThanOrEqual(51)
  })
})

it('nothing is looked at any more after a stop', () => {
  watch.stop()
  expect(clock.pendingTimers).toBe(0)
})
