import { describe, expect, it } from 'vitest'
import { RecentEvents, type RecentEventsMemory } from '../../../../src/sources/chirpstack/recent-events.ts'

/** Takes the event with its own time, as the intake does; false if it was known. */
function add(recent: RecentEvents, ...[item, event]: ReturnType<typeof uplink>): boolean {
  if (recent.meet(item, event).is !== 'new') return false
  recent.remember(item, event, event.time)
  return true
}

/** What the next run knows: the same through its form on disk. */
const restarted = (recent: RecentEvents): RecentEvents =>
  new RecentEvents(JSON.parse(JSON.stringify(recent.toMemory())) as RecentEventsMemory)

const uplink = (
  id: string,
  time: number,
  deduplicationId?: string,
): [{ id: string; description: string }, { time: number; deduplicationId: string | undefined }] => [
  { id, description: 'up' },
  { time, deduplicationId },
]

describe('a replay', () => {
  it('brings nothing twice', () => {
    const recent = new RecentEvents()
    expect(add(recent, ...uplink('100-0', 100, 'a'))).toBe(true)
    expect(add(recent, ...uplink('100-1', 100, 'b'))).toBe(true)
    expect(add(recent, ...uplink('100-0', 100, 'a'))).toBe(false)
    expect(add(recent, ...uplink('100-1', 100, 'b'))).toBe(false)
  })

  it('of more events than are remembered one by one brings only what is new', () => {
    const recent = new RecentEvents()
    const events = Array.from({ length: 1_000 }, (_, n) => uplink(`${n}-0`, n, `id-${n}`))
    for (const event of events.slice(0, 990)) expect(add(recent, ...event)).toBe(true)
    expect(events.map((event) => add(recent, ...event)).filter(Boolean)).toHaveLength(10)
  })
})

describe('an event', () => {
  it('written twice to the log counts once', () => {
    const recent = new RecentEvents()
    expect(add(recent, ...uplink('100-0', 100, 'a'))).toBe(true)
    expect(add(recent, ...uplink('200-0', 100, 'a'))).toBe(false)
  })

  it('of another kind of the same frame is an event of its own', () => {
    const recent = new RecentEvents()
    expect(add(recent, ...uplink('100-0', 100, 'a'))).toBe(true)
    expect(add(recent, { id: '101-0', description: 'status' }, { time: 100, deduplicationId: 'a' })).toBe(true)
  })

  it('is new although its id went back because Redis lost its data', () => {
    const recent = new RecentEvents()
    for (let n = 0; n < 200; n++) add(recent, ...uplink(`${5_000 + n}-0`, 5_000 + n))
    expect(add(recent, ...uplink('10-0', 6_000))).toBe(true)
    expect(add(recent, ...uplink('10-0', 6_000))).toBe(false)
  })

  it('that comes late, out of order, is new', () => {
    const recent = new RecentEvents()
    for (let n = 0; n < 200; n++) add(recent, ...uplink(`${5_000 + n}-0`, 5_000 + n))
    expect(add(recent, ...uplink('6000-0', 4_000))).toBe(true)
  })

  it('without any id is taken: nothing proves that it was known', () => {
    const recent = new RecentEvents()
    expect(add(recent, ...uplink('', 100))).toBe(true)
    expect(add(recent, ...uplink('', 100))).toBe(true)
  })
})

describe('after a restart', () => {
  it('an event of the earlier run is met again once, with the time at which it was taken', () => {
    const before = new RecentEvents()
    const [item, event] = uplink('100-0', 9_000, 'a')
    before.remember(item, event, 100)
    const recent = restarted(before)
    expect(recent.meet(item, event)).toEqual({ is: 'again', taken: 100 })
    expect(recent.meet(item, event)).toEqual({ is: 'known' })
  })

  it('a replay of more events than were remembered brings only what is new', () => {
    const before = new RecentEvents()
    const events = Array.from({ length: 1_000 }, (_, n) => uplink(`${n}-0`, n, `id-${n}`))
    for (const event of events.slice(0, 990)) add(before, ...event)
    const recent = restarted(restarted(before))
    const met = events.map((event) => recent.meet(...event).is)
    expect(met.filter((is) => is === 'new')).toHaveLength(10)
    expect(met.lastIndexOf('known')).toBeLessThan(met.indexOf('again'))
    expect(met.slice(990)).toEqual(Array(10).fill('new'))
  })

  it('an event is new although its id went back because Redis lost its data', () => {
    const before = new RecentEvents()
    for (let n = 0; n < 200; n++) add(before, ...uplink(`${5_000 + n}-0`, 5_000 + n))
    expect(restarted(before).meet(...uplink('10-0', 6_000))).toEqual({ is: 'new' })
  })
})
