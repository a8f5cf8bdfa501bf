import { beforeEach, describe, expect, it } from 'vitest'
import type { CommandRecord, CommandState } from '../../../../src/core/command.ts'
import { CommandRecords } from '../../../../src/opcua/orders/command-records.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

let clock: ManualClock
let records: CommandRecords
beforeEach(() => {
  clock = new ManualClock()
  records = new CommandRecords(clock)
})

/** What of it was news. */
const takeAll = (said: readonly CommandRecord[]) => said.filter((one) => records.take(one))

const record = (id: number, state: CommandState, rest: Partial<CommandRecord> = {}): CommandRecord => ({
  id,
  device: 'pump',
  order: { kind: 'command', command: 'stop', arguments: {} },
  by: { user: 'otto', origin: 'opcua' },
  state,
  reason: '',
  priority: 0,
  acceptedAt: 0,
  changedAt: 0,
  deadline: 60_000,
  ...rest,
})

describe('who waits for the end of a command', () => {
  it('is told of it', async () => {
    const end = records.endOf(record(1, 'queued'), 2_000)
    takeAll([record(1, 'sending', { changedAt: 1 }), record(1, 'confirmed', { changedAt: 2 })])

    expect((await end)?.state).toBe('confirmed')
  })

  it('is told of an end that came before it was told of the acceptance', async () => {
    takeAll([record(1, 'failed')])

    expect((await records.endOf(record(1, 'queued'), 2_000))?.state).toBe('failed')
  })

  it('goes without one when the time is over', async () => {
    takeAll([record(1, 'queued')])
    const end = records.endOf(record(1, 'queued'), 2_000)
    await clock.advance(2_000)

    expect(await end).toBeUndefined()
  })

  it('does not wait at all where it must not', async () => {
    expect(await records.endOf(record(1, 'queued'), 0)).toBeUndefined()
  })
})

describe('what is known of commands', () => {
  it('is the newest of the device and of each command, however late an older one ends', () => {
    const write = record(3, 'queued', { order: { kind: 'write', tag: 'speed', value: 1 } })
    takeAll([record(1, 'queued'), record(2, 'queued'), write, record(1, 'failed', { changedAt: 5 })])

    expect(records.newest('pump')?.id).toBe(3)
    expect(records.newest('pump', 'stop')?.id).toBe(2)
    expect(records.newest('tank')).toBeUndefined()
  })

  it('counts those that wait to be sent, and no others', () => {
    takeAll([record(1, 'queued'), record(2, 'queued'), record(3, 'queued'), record(4, 'queued', { device: 'tank' })])
    takeAll([record(1, 'sending', { changedAt: 1 }), record(2, 'cancelled', { changedAt: 1 })])

    expect(records.queued('pump')).toBe(1)
    expect(records.queued('tank')).toBe(1)
  })

  it('takes each state once, and nothing after an end', () => {
    const queued = record(1, 'queued')

    expect(takeAll([queued, { ...queued }])).toHaveLength(1)
    expect(takeAll([record(1, 'confirmed', { changedAt: 9 }), record(1, 'sending', { changedAt: 8 })])).toHaveLength(1)
    expect(records.newest('pump')?.state).toBe('confirmed')
  })

  it('is in doubt where the engine does not mention a command any more: it has ended, nobody knows how', () => {
    takeAll([record(1, 'sent'), record(2, 'queued')])
    records.expectAll()
    takeAll([record(2, 'queued')])
    records.settle()

    expect(records.isCurrent(records.newest('pump') as CommandRecord)).toBe(true)
    expect(records.open(1)).toBeUndefined()
    expect(records.queued('pump')).toBe(1)
  })

  it('holds again when the engine says after all how the command ended', () => {
    takeAll([record(1, 'queued')])
    records.expectAll()
    records.settle()
    expect(records.isCurrent(records.newest('pump') as CommandRecord)).toBe(false)
    expect(records.queued('pump')).toBe(0)

    takeAll([record(1, 'confirmed', { changedAt: 3 })])

    expect(records.isCurrent(records.newest('pump') as CommandRecord)).toBe(true)
  })
})
