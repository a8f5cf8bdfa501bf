import { type Clock, type Milliseconds, pause } from '../core/clock.ts'
import { type CommandRecord, isFinished } from '../core/command.ts'
import { isRetryable, PenstockError } from '../core/errors.ts'
import type { EngineFeed } from '../http/live/engine-feed.ts'
import type { CommandHistory } from '../link/contract.ts'
import { notFound } from './call-error.ts'

/** A new state is told by the engine; so often it is asked for, in case that was not heard. */
const ASK_EVERY: Milliseconds = 5_000

export interface WatchParts {
  readonly id: number
  readonly feed: Pick<EngineFeed, 'hold' | 'onCommands'>
  readonly clock: Clock
  readonly ask: (id: number) => Promise<CommandHistory | null>
  /** Called with each state, the oldest first. */
  readonly tell: (history: CommandHistory, step: CommandHistory['steps'][number]) => Promise<void>
}

/**
 * Tells the states of a command, those it was in and each that comes, until nothing more comes of it, or the signal aborts.
 * Through deaths of the engine it waits. Rejects with CallError where there is no such command, and as `ask` does where
 * that does not answer at the beginning.
 */
export async function watchCommand(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const { id, feed, clock, ask, tell } = parts
  let news = new AbortController()
  const hear = (records: readonly CommandRecord[]) => {
    if (records.some((record) => record.id === id)) news.abort()
  }
  const ends = [feed.hold(), feed.onCommands(hear)]
  let told = 0
  try {
    while (!signal.aborted) {
      news = new AbortController()
      const history = told === 0 ? await ask(id) : await askAgain(ask, id)
      if (history === null) throw notFound(`There is no command ${id}, or none any more.`)
      for (const step of history?.steps.slice(told) ?? []) await tell(history as CommandHistory, step)
      told = Math.max(told, history?.steps.length ?? 0)
      if (history && isFinished(history.command)) return
      await pause(clock, ASK_EVERY, AbortSignal.any([signal, news.signal]))
    }
  } finally {
    for (const end of ends) end()
  }
}

/** Undefined while the engine does not answer. */
async function askAgain(ask: WatchParts['ask'], id: number): Promise<CommandHistory | null | undefined> {
  try {
    return await ask(id)
  } catch (error) {
    if (error instanceof PenstockError && isRetryable(error)) return undefined
    throw error
  }
}
