import { describe, expect, it } from 'vitest'
import { brokenBounds, type Moment, type Outcome, reportOf, type Soak } from '../../soak/report.ts'

const MEGABYTE = 1024 * 1024
const well: Outcome = {
  uplinks: 100,
  lost: 0,
  doubled: 0,
  altered: 0,
  toldLost: 0,
  seen: 500,
  wrong: 0,
  writes: { Good: 9, BadNoCommunication: 1 },
  confirmedButNotDone: 0,
  doneTwice: 0,
  unordered: 0,
  restarts: { 'engine: it exited with code 3': 2 },
  notRecovered: '',
  exitCode: 0,
}
const moment = (at: number, of: Partial<Moment> = {}): Moment => ({
  atMs: at * 60_000,
  rss: 300 * MEGABYTE,
  heapUsed: 40 * MEGABYTE,
  descriptors: 60,
  handles: 20,
  engineHeap: 0.1,
  opcuaHeap: 0.1,
  ...of,
})
const aSoak = (outcome: Partial<Outcome> = {}, moments = Array.from({ length: 20 }, (_, at) => moment(at))): Soak => ({
  seed: 7,
  minutes: 20,
  happened: { 'engine dies': 2 },
  moments,
  outcome: { ...well, ...outcome },
})

describe('a soak', () => {
  it('that broke no bound passes, and its report has seed, faults, memory, handles and what became of everything', () => {
    expect(brokenBounds(aSoak())).toEqual([])
    const report = reportOf(aSoak())
    for (const part of ['seed 7', 'engine dies 2', '300.0', 'handles', '100 sent, 0 lost', 'Every bound held.']) {
      expect(report).toContain(part)
    }
  })

  it.each<[Partial<Outcome>, string]>([
    [{ lost: 1 }, 'not in history'],
    [{ doubled: 1 }, 'in history twice'],
    [{ altered: 1 }, 'another value or time'],
    [{ wrong: 1 }, 'that no device had'],
    [{ confirmedButNotDone: 1 }, 'confirmed and not done'],
    [{ doneTwice: 1 }, 'done twice'],
    [{ unordered: 1 }, 'without being told'],
    [{ notRecovered: 'it is not ready' }, 'it is not ready'],
    [{ exitCode: null }, 'did not end in order'],
  ])('with %o does not pass, and says why', (outcome, why) => {
    expect(brokenBounds(aSoak(outcome))).toEqual([expect.stringContaining(why)])
    expect(reportOf(aSoak(outcome))).toContain('BROKEN')
  })

  it.each<[string, (at: number) => Partial<Moment>]>([
    ['memory grew', (at) => ({ rss: (300 + 20 * at) * MEGABYTE })],
    ['files', (at) => ({ descriptors: 60 + 5 * at })],
    ['handles', (at) => ({ handles: 20 + 5 * at })],
  ])('in which %s without end does not pass', (why, course) => {
    const moments = Array.from({ length: 20 }, (_, at) => moment(at, course(at)))
    expect(brokenBounds(aSoak({}, moments)).join()).toContain(why)
  })
})
