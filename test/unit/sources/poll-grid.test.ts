import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PollGrid } from '../../../src/sources/poll-grid.ts'

describe('PollGrid', () => {
  it('keeps every due time on one grid, however late each is taken', () => {
    const period = fc.integer({ min: 50, max: 3_600_000 })
    const lateness = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(fc.string(), period, fc.nat(10_000_000), lateness, (name, every, start, late) => {
        const grid = new PollGrid(name, every)
        grid.align(start)
        const phase = grid.due % every
        expect(grid.due - start).toBeGreaterThan(every / 2)
        expect(grid.due - start).toBeLessThanOrEqual(1.5 * every)
        for (const periods of late) {
          const now = grid.due + periods * every
          const before = grid.due
          const passed = grid.take(now)
          expect(grid.due).toBeGreaterThan(now)
          expect(grid.due % every).toBe(phase)
          expect(passed).toBe((grid.due - before) / every)
          expect(grid.take(now)).toBe(0)
        }
      }),
    )
  })

  it('spreads the devices of one period over it, each at the same place after every restart', () => {
    const places = Array.from({ length: 200 }, (_, i) => {
      const [one, again] = [new PollGrid(`device-${i}`, 1_000), new PollGrid(`device-${i}`, 1_000)]
      one.align(0)
      again.align(5_000_000)
      expect(again.due % 1_000).toBe(one.due % 1_000)
      return one.due % 1_000
    })
    for (let tenth = 0; tenth < 10; tenth++) {
      const inside = places.filter((place) => Math.floor(place / 100) === tenth).length
      expect(inside).toBeGreaterThan(5)
      expect(inside).toBeLessThan(45)
    }
  })
})
