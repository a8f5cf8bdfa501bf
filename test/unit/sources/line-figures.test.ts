import { beforeEach, describe, expect, it } from 'vitest'
import { LineFigures } from '../../../src/sources/line-figures.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let clock: ManualClock
let figures: LineFigures

beforeEach(() => {
  clock = new ManualClock(10_000)
  figures = new LineFigures(clock)
})

describe('the figures of a line', () => {
  it('leave out of a device what is not known of it', () => {
    expect(figures.device('meter')).toEqual({ requests: 0, answered: 0, failures: {}, refusals: {} })
  })

  it('tell answers, refusals and failures of each kind apart', async () => {
    await clock.advance(500)
    figures.answered('meter', 10, 20, 5)
    figures.answered('meter', 12, 0, 0)
    figures.refused('meter', 'exception 2')
    figures.failed('meter', 1_000, 'TIMEOUT')
    figures.failed('meter', 4, 'PROTOCOL_VIOLATION')
    figures.failed('meter', 4, 'CONNECTION_LOST')
    figures.answered('pump', 40, 2, 2)
    expect(figures.device('meter')).toEqual({
      requests: 5,
      answered: 2,
      failures: { timeout: 1, violation: 1, lost: 1 },
      refusals: { 'exception 2': 1 },
      roundTrip: { p50: 10, p99: 12 },
      read: { bytes: 20, used: 5 },
      lastAnswerAt: 10_500,
    })
    expect(figures.line()).toMatchObject({ requests: 6, answered: 3, read: { bytes: 22, used: 7 } })
  })

  it('count how writes ended', () => {
    figures.wrote('meter', 'confirmed')
    figures.wrote('meter', 'confirmed')
    figures.wrote('pump', 'uncertain')
    expect(figures.device('meter').writes).toEqual({ confirmed: 2 })
    expect(figures.line().writes).toEqual({ confirmed: 2, uncertain: 1 })
  })

  it('do not count a request that the gateway itself ended', () => {
    figures.failed('meter', 100, 'STOPPED')
    expect(figures.device('meter').requests).toBe(0)
  })

  it('say how much of the last minute requests were under way, and forget what is longer ago', async () => {
    for (let second = 0; second < 120; second++) {
      await clock.advance(1_000)
      figures.answered('meter', 250, 2, 2)
    }
    expect(figures.line().underWay).toBeCloseTo(0.25, 1)
    await clock.advance(600_000)
    expect(figures.line().underWay).toBe(0)
  })

  it('forget devices that have left the plant', () => {
    figures.answered('gone', 1, 2, 2)
    figures.answered('stays', 1, 2, 2)
    figures.keepOnly(new Set(['stays']))
    expect(figures.device('gone').requests).toBe(0)
    expect(figures.line().requests).toBe(1)
  })
})
