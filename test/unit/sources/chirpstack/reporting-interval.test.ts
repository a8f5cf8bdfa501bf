import { describe, expect, it } from 'vitest'
import { ReportingInterval } from '../../../../src/sources/chirpstack/reporting-interval.ts'

const observed = (...times: number[]) => {
  const interval = new ReportingInterval()
  for (const time of times) interval.observe(time * 1_000)
  return interval
}

describe('how often a device reports', () => {
  it('is unknown until three intervals tell', () => {
    expect(observed().current).toBeUndefined()
    expect(observed(0, 60, 120).current).toBeUndefined()
    expect(observed(0, 60, 120, 180).current).toBe(60_000)
  })

  it('is not blurred by a lost uplink, a night of silence or a burst', () => {
    expect(observed(0, 60, 120, 240, 300, 36_000, 36_060).current).toBe(60_000)
    expect(observed(0, 0.2, 60, 60.3, 120, 180).current).toBeCloseTo(60_000, -3)
  })

  it('is learned alike from a replay that comes in a wrong order', () => {
    expect(observed(0, 60, 120, 60, 180, 240).current).toBe(60_000)
  })

  it('follows a device that was set to another interval', () => {
    const times = [0, 60, 120, 180, 240]
    for (let time = 250; time <= 350; time += 10) times.push(time)
    expect(observed(...times).current).toBe(10_000)
  })

  it('is what the profile declares, where it does', () => {
    const interval = observed(0, 60, 120, 180)
    interval.declare(900_000)
    expect(interval.current).toBe(900_000)
    interval.declare(undefined)
    expect(interval.current).toBe(60_000)
  })
})
