import { beforeEach, describe, expect, it } from 'vitest'
import { proposal } from '../../../../../src/cli/field/calibration-text.ts'
import { PenstockError } from '../../../../../src/core/errors.ts'
import type { Area } from '../../../../../src/sources/modbus/address.ts'
import {
  type Calibration,
  calibrate,
  type KnownRange,
} from '../../../../../src/sources/modbus/calibration/calibrate.ts'
import { ModbusException } from '../../../../../src/sources/modbus/exception.ts'
import type { ForbiddenRange } from '../../../../../src/sources/modbus/forbidden.ts'
import type { TableReader } from '../../../../../src/sources/modbus/session.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { device } from '../../../../support/modbus-plant.ts'

const TIMEOUT_MS = 300

/** A device with limits, each as a manual would state it. */
class LimitedDevice {
  most = 125
  needsMs = 0
  atOnce = 16
  /** It does one thing after the other, whatever it is asked for meanwhile. */
  inTurns = false
  /** Registers from here to there do not exist. */
  hole: [number, number] = [1_000, 65_535]
  /** What reading the hole, and too much, leads to. */
  answersHole: 'exception' | 'silence' = 'exception'
  latencyMs = 10
  /** After so many requests it is dead. */
  diesAfter = Number.POSITIVE_INFINITY
  requests = 0
  readonly asked: { readonly start: number; readonly count: number }[] = []
  connections = 0
  /** After so many connections it takes no more, or none for a while. */
  refusesFrom = Number.POSITIVE_INFINITY
  refusesUntil = Number.POSITIVE_INFINITY
  attempts = 0
  mostConnections = 0
  #underWay = 0
  #freeAt = Number.NEGATIVE_INFINITY
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async connect(): Promise<TableReader> {
    this.attempts++
    if (this.attempts > this.refusesFrom && this.attempts <= this.refusesUntil) {
      throw new PenstockError('CONNECTION_LOST', 'plc:502 refuses connections')
    }
    this.connections++
    this.mostConnections = Math.max(this.mostConnections, this.connections)
    return {
      ended: new Promise(() => undefined),
      read: (unitId, area, start, count) => this.#read(unitId, area, start, count),
      close: async () => void this.connections--,
    }
  }

  async #read(unitId: number, _area: Area, start: number, count: number): Promise<Buffer> {
    this.requests++
    this.asked.push({ start, count })
    const tooSoon = this.#clock.monotonic() < this.#freeAt + this.needsMs
    this.#underWay++
    const tooMany = this.#underWay > this.atOnce
    const [from, to] = this.hole
    const inHole = start <= to && start + count > from
    const mute = tooSoon || tooMany || this.requests > this.diesAfter || (inHole && this.answersHole === 'silence')
    const takes = this.latencyMs * (this.inTurns ? this.#underWay : 1)
    await new Promise<void>((resolve) => this.#clock.after(mute ? TIMEOUT_MS : takes, resolve))
    this.#underWay--
    this.#freeAt = this.#clock.monotonic()
    if (mute) throw new PenstockError('TIMEOUT', `Unit ${unitId} did not answer`)
    if (count > this.most) throw new ModbusException(3, unitId, 'plc:502')
    if (inHole) throw new ModbusException(2, unitId, 'plc:502')
    return Buffer.alloc(2 * count)
  }
}

const range = (start: number, end: number): KnownRange => ({
  area: 'holding',
  start,
  count: end - start + 1,
  items: Array.from({ length: end - start + 1 }, (_, i) => ({ area: 'holding', start: start + i, count: 1 })),
})

let clock: ManualClock
let plc: LimitedDevice
const said: string[] = []

beforeEach(() => {
  clock = new ManualClock()
  plc = new LimitedDevice(clock)
  said.length = 0
})

async function calibrated(
  ranges: readonly KnownRange[],
  bounds: { requests?: number; ms?: number; atOnce?: number; forbidden?: readonly ForbiddenRange[] } = {},
): Promise<Calibration> {
  const done = calibrate({
    connect: () => plc.connect(),
    mostAtOnce: bounds.atOnce ?? 16,
    unitId: 1,
    forbidden: bounds.forbidden ?? [],
    clock,
    signal: new AbortController().signal,
    mostRequests: bounds.requests ?? 1_000,
    mostMs: bounds.ms ?? 600_000,
    ranges,
    say: (step) => void said.push(step),
  })
  let settled = false
  const settle = () => {
    settled = true
  }
  done.then(settle, settle)
  while (!settled) await clock.advance(100)
  return done
}

const proposed = (found: Calibration) =>
  proposal(found, { source: { delayBetweenRequestsMs: 0 }, device: device('meter') })

describe('calibrating a Modbus device', () => {
  it('finds its limits exactly: 60 registers, no holes, 20 ms between requests', async () => {
    plc.most = 60
    plc.needsMs = 20
    plc.hole = [100, 104]
    plc.answersHole = 'silence'
    const found = await calibrated([range(0, 99), range(105, 120)])
    expect(found).toMatchObject({
      pauseMs: 20,
      registers: { largest: 60, isLimit: true },
      gap: { unreadable: 5 },
      window: 1,
      roundTrip: { p50: 10, p99: 10 },
    })
    expect(found.endedBecause).toBeUndefined()
    expect(proposed(found)).toEqual([
      '# Proposed for the source:',
      'timeout: 200ms',
      'delayBetweenRequests: 20ms',
      'devices:',
      '  - key: meter',
      '    maxRegisters: 60',
      '    maxGap: 0',
    ])
  })

  it('proposes no limit where the device shows none', async () => {
    plc.latencyMs = 120
    const found = await calibrated([range(0, 9)])
    expect(found).toMatchObject({ pauseMs: 0, registers: { largest: 125, isLimit: false }, window: 16 })
    expect(proposed(found)).toEqual(['# Proposed for the source:', 'timeout: 500ms', 'window: 16'])
  })

  it('does not take the end of the map for a limit of the device', async () => {
    plc.hole = [23, 65_535]
    expect(await calibrated([range(0, 9)])).toMatchObject({ registers: { largest: 23, isLimit: false } })
  })

  it('tells a limit from the end of the map also beyond what is known', async () => {
    plc.most = 23
    expect(await calibrated([range(0, 9)])).toMatchObject({ registers: { largest: 23, isLimit: true } })
  })

  it('finds the widest hole that can be read', async () => {
    plc.hole = [60, 69]
    const found = await calibrated([range(0, 9), range(12, 20), range(25, 59), range(70, 80)])
    expect(found.gap).toEqual({ readable: 4, unreadable: 10 })
    expect(proposed(found)).toContain('    maxGap: 4')
  })

  it('never asks for what is forbidden, and takes that for no limit and no hole', async () => {
    const forbidden = [{ area: 'holding', first: 10, last: 14 }] as const
    const found = await calibrated([range(0, 9), range(15, 18)], { forbidden })
    expect(plc.asked.filter(({ start, count }) => start <= 14 && start + count > 10)).toEqual([])
    expect(found.registers).toEqual({ largest: 10, isLimit: false })
    expect(found.gap).toBeUndefined()
  })

  it('finds how many requests may be under way at once', async () => {
    plc.atOnce = 5
    const found = await calibrated([range(0, 9)])
    expect(found).toMatchObject({ window: 4, pace: { alone: 10, window: 4, together: 2.5, slowest: 10 } })
    expect(proposed(found)).toContain('window: 4')
  })

  it('proposes no window of which nothing comes: a device that does one thing after the other', async () => {
    plc.inTurns = true
    const found = await calibrated([range(0, 9)])
    expect(found).toMatchObject({ window: 16, pace: { alone: 10, window: 1 } })
    expect(proposed(found).join()).not.toContain('window')
    const source = { delayBetweenRequestsMs: 0, window: 8 }
    expect(proposal(found, { source, device: device('meter') })).toContain('window: 1')
  })

  it('says of a device that does not answer that nothing was measured, and not that all is well', () => {
    const text = proposed({ requests: 1, endedBecause: 'holding:0 is not answered' }).join()
    expect(text).toContain('Nothing is proposed')
    expect(text).not.toContain('No setting is needed')
  })

  it('proposes a timeout that a full window fits into', async () => {
    plc.atOnce = 4
    plc.latencyMs = 100
    expect(proposed(await calibrated([range(0, 9)]))).toContain('timeout: 400ms')
  })

  it('asks one thing at a time where answers do not say what they belong to', async () => {
    plc.atOnce = 5
    expect(await calibrated([range(0, 9)], { atOnce: 1 })).toMatchObject({ window: 1 })
    expect(said).not.toContain('sending several requests at once')
  })

  it('holds one connection at a time', async () => {
    await calibrated([range(0, 9)])
    expect(plc.mostConnections).toBe(1)
    expect(plc.connections).toBe(0)
  })

  it('leaves a device alone that does not recover, and says what was found until then', async () => {
    plc.diesAfter = 20
    const found = await calibrated([range(0, 99)])
    expect(found.endedBecause).toContain('left alone')
    expect(found.pauseMs).toBe(0)
    expect(plc.requests).toBe(24)
  })

  it('gives a device time to take a new connection, and what was found stays when it takes none', async () => {
    plc.refusesFrom = 1
    plc.refusesUntil = 3
    expect(await calibrated([range(0, 9)])).toMatchObject({ window: 16 })
    plc = new LimitedDevice(clock)
    plc.refusesFrom = 1
    expect(await calibrated([range(0, 9)])).toMatchObject({
      pauseMs: 0,
      window: 1,
      endedBecause: expect.stringContaining('takes no new connection'),
    })
  })

  it('says why where there is no connection at all', async () => {
    plc.refusesFrom = 0
    await expect(calibrated([range(0, 9)])).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('sends no more than it may', async () => {
    const found = await calibrated([range(0, 99)], { requests: 20 })
    expect(plc.requests).toBe(20)
    expect(found).toMatchObject({ requests: 20, endedBecause: '20 requests were sent' })
  })

  it('takes no longer than it may', async () => {
    plc.latencyMs = 250
    expect(await calibrated([range(0, 99)], { ms: 3_000 })).toMatchObject({ endedBecause: '3 s have passed' })
  })

  it('measures nothing with an address that the device refuses', async () => {
    const found = await calibrated([range(2_000, 2_009)])
    expect(found.endedBecause).toContain('holding:2000 is refused with exception 2')
    expect(plc.requests).toBe(1)
  })
})
