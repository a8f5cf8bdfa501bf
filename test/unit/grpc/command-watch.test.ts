import { describe, expect, it } from 'vitest'
import type { CommandRecord, CommandState } from '../../../src/core/command.ts'
import { PenstockError } from '../../../src/core/errors.ts'
import { watchCommand } from '../../../src/grpc/command-watch.ts'
import type { CommandHistory } from '../../../src/link/contract.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const commandIn = (state: CommandState): CommandRecord => ({
  id: 7,
  device: 'pump',
  order: { kind: 'write', tag: 'level', value: 1 },
  by: { user: 'oscar', origin: 'grpc' },
  state,
  reason: '',
  priority: 0,
  acceptedAt: 1,
  changedAt: 1,
  deadline: 2,
})
const historyOf = (...states: readonly CommandState[]): CommandHistory => ({
  command: commandIn(states.at(-1) ?? 'queued'),
  steps: states.map((state, at) => ({ at, state, reason: '' })),
})

/** Somebody who watches command 7; the engine answers with `now`, or is gone. */
async function watching() {
  const clock = new ManualClock()
  const ended = new AbortController()
  const watch = {
    clock,
    ended,
    now: historyOf('queued') as CommandHistory | null | 'gone',
    told: [] as string[],
    outcome: undefined as unknown,
    listeners: new Set<(changed: readonly CommandRecord[]) => void>(),
    held: 0,
    tell: (record: CommandRecord) => {
      for (const listener of watch.listeners) listener([record])
    },
  }
  const feed = {
    hold: () => {
      watch.held++
      return () => {
        watch.held--
      }
    },
    onCommands: (listener: (changed: readonly CommandRecord[]) => void) => {
      watch.listeners.add(listener)
      return () => void watch.listeners.delete(listener)
    },
  }
  const ask = async () => {
    if (watch.now === 'gone') throw new PenstockError('ROOM_UNAVAILABLE', 'gone')
    return watch.now
  }
  const tell = async (_: CommandHistory, { state }: { readonly state: string }) => void watch.told.push(state)
  void watchCommand({ id: 7, feed, clock, ask, tell }, ended.signal).then(
    () => {
      watch.outcome = 'ended'
    },
    (error: unknown) => {
      watch.outcome = error
    },
  )
  await clock.advance(0)
  return watch
}

describe('who watches a command', () => {
  it('hears each state once, at once, until nothing more comes of it', async () => {
    const watch = await watching()
    expect(watch.told).toEqual(['queued'])
    watch.tell({ ...commandIn('sending'), id: 8 })
    await watch.clock.advance(0)
    expect(watch.told).toEqual(['queued'])
    watch.now = historyOf('queued', 'sending', 'confirmed')
    watch.tell(commandIn('confirmed'))
    await watch.clock.advance(0)
    expect(watch).toMatchObject({ told: ['queued', 'sending', 'confirmed'], outcome: 'ended', held: 0 })
    expect(watch.listeners.size).toBe(0)
    expect(watch.clock.pendingTimers).toBe(0)
  })

  it('waits through the death of the engine, and hears what became of it', async () => {
    const watch = await watching()
    watch.now = 'gone'
    await watch.clock.advance(20_000)
    expect(watch).toMatchObject({ told: ['queued'], outcome: undefined })
    watch.now = historyOf('queued', 'uncertain')
    await watch.clock.advance(5_000)
    expect(watch).toMatchObject({ told: ['queued', 'uncertain'], outcome: 'ended' })
  })

  it('is told where there is no such command any more, and leaves nothing behind when he goes', async () => {
    const watch = await watching()
    watch.now = null
    await watch.clock.advance(5_000)
    expect(watch.outcome).toMatchObject({ code: 'NOT_FOUND' })
    const other = await watching()
    other.ended.abort()
    await other.clock.advance(0)
    expect(other).toMatchObject({ outcome: 'ended', held: 0 })
    expect(other.clock.pendingTimers).toBe(0)
  })
})
