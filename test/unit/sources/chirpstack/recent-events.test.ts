import { describe, expect, it } from 'vitest'
import { RecentEvents } from '../../../../src/sources/chirpstack/recent-events.ts'

const uplink = (id: string, time: number, deduplicationId?: string) =>
  [
    { id, description: 'up' },
    { time, deduplicationId },
  ] as const

describe('a replay', () => {
  it('brings nothing twice', () => {
    const recent = new RecentEvents()
    expect(recent.add(...uplink('100-0', 100, 'a'))).toBe(true)
    expect(recent.add(...uplink('100-1', 100, 'b'))).toBe(true)
    expect(recent.add(...uplink('100-0', 100, 'a'))).toBe(false)
    expect(recent.add(...uplink('100-1', 100, 'b'))).toBe(false)
  })

  it('of more events than are remembered one by one brings only what is new', () => {
    const recent = new RecentEvents()
    const events = Array.from({ length: 1_000 }, (_, n) => uplink(`${n}-0`, n, `id-${n}`))
    for (const event of events.slice(0, 990)) expect(recent.add(...event)).toBe(true)
    expect(events.map((event) => recent.add(...event)).filter(Boolean)).toHaveLength(10)
  })
})

describe('an event', () => {
  it('written twice to the log counts once', () => {
    const recent = new RecentEvents()
    expect(recent.add(...uplink('100-0', 100, 'a'))).toBe(true)
    expect(recent.add(...uplink('200-0', 100, 'a'))).toBe(false)
  })

  it('of another kind of the same frame is an event of its own', () => {
    const recent = new RecentEvents()
    expect(recent.add(...uplink('100-0', 100, 'a'))).toBe(true)
    expect(recent.add({ id: '101-0', description: 'status' }, { time: 100, deduplicationId: 'a' })).toBe(true)
  })

  it('is new although its id went back because Redis lost its data', () => {
    const recent = new RecentEvents()
    for (let n = 0; n < 200; n++) recent.add(...uplink(`${5_000 + n}-0`, 5_000 + n))
    expect(recent.add(...uplink('10-0', 6_000))).toBe(true)
    expect(recent.add(...uplink('10-0', 6_000))).toBe(false)
  })

  it('that comes late, out of order, is new', () => {
    const recent = new RecentEvents()
    for (let n = 0; n < 200; n++) recent.add(...uplink(`${5_000 + n}-0`, 5_000 + n))
    expect(recent.add(...uplink('6000-0', 4_000))).toBe(true)
  })

  it('without any id is taken: nothing proves that it was known', () => {
    const recent = new RecentEvents()
    expect(recent.add(...uplink('', 100))).toBe(true)
    expect(recent.add(...uplink('', 100))).toBe(true)
  })
})
