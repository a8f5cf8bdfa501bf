import { describe, expect, it } from 'vitest'
import { ProbeLane } from '../../../src/sources/probe-lane.ts'
import { RoundTrips } from '../../../src/sources/round-trips.ts'

const TIMEOUT = 1_000
const roundTrips = (...times: number[]) => {
  const device = new RoundTrips()
  for (const time of times) device.note(time)
  return device
}

describe('the lane of a line for what does not answer', () => {
  it('spends a twentieth of the time in vain, once what was saved up is used', () => {
    const lane = new ProbeLane(TIMEOUT)
    let [now, vain] = [0, 0]
    while (now < 600_000) {
      now = Math.max(now, lane.freeAt(now))
      lane.missed(200, 200)
      vain += 200
      now += 200
    }
    expect(vain).toBeGreaterThan(0.04 * now)
    expect(vain).toBeLessThanOrEqual(0.05 * now + 2_500)
  })

  it('waits twice as long as the device ever took, within reason', () => {
    const lane = new ProbeLane(TIMEOUT)
    expect(lane.deadline(roundTrips(20), 1)).toBe(200)
    expect(lane.deadline(roundTrips(150, 20), 1)).toBe(300)
    expect(lane.deadline(roundTrips(900), 1)).toBe(TIMEOUT)
  })

  it('takes the other devices as the measure for one that never answered, and its whole time where there are none', () => {
    const lane = new ProbeLane(TIMEOUT)
    expect(lane.deadline(roundTrips(), 1)).toBe(TIMEOUT)
    lane.answered(roundTrips(), 130)
    expect(lane.deadline(roundTrips(), 1)).toBe(260)
  })

  it('gives a device its whole time now and then, for it may have become slower', () => {
    const lane = new ProbeLane(TIMEOUT)
    const deadlines = Array.from({ length: 12 }, (_, i) => lane.deadline(roundTrips(20), i + 1))
    expect(deadlines.filter((deadline) => deadline === TIMEOUT)).toHaveLength(2)
  })

  it('gives up no probe early any more after one made a living device miss its request', () => {
    const lane = new ProbeLane(TIMEOUT)
    lane.missed(200, 200)
    lane.answered(roundTrips(), 20)
    lane.missedByTrusted()
    expect(lane.deadline(roundTrips(20), 1)).toBe(200)
    lane.missed(200, 200)
    lane.missedByTrusted()
    expect(lane.deadline(roundTrips(20), 1)).toBe(TIMEOUT)
  })

  it('forgets how slow a device was a hundred answers ago', () => {
    const device = roundTrips(800, ...Array.from({ length: 99 }, () => 20))
    expect(device.slowest).toBe(800)
    device.note(20)
    expect(device.slowest).toBe(20)
  })
})
