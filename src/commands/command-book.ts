import type { Clock, Milliseconds } from '../core/clock.ts'
import {
  type Actor,
  type CommandRecord,
  type CommandState,
  commandStates,
  isFinished,
  nextStates,
} from '../core/command.ts'
import type { CommandJournal, NewCommand, StoredCommand } from '../core/command-journal.ts'
import type { Delivery, OutgoingCommand, SentCommand } from '../core/command-outlet.ts'
import type { Logger } from '../core/logger.ts'
import { DeviceLane } from './device-lane.ts'
import { GroupCommit } from './group-commit.ts'
import { TimeLeft } from './time-left.ts'

/** What the gateway does by itself. */
export const SYSTEM: Actor = { user: 'system', origin: 'system' }

export interface CommandBookParts {
  readonly journal: CommandJournal
  readonly clock: Clock
  readonly log: Logger
  /** These commands are in these states now; in the order of the changes. */
  readonly onNews: (changed: readonly CommandRecord[]) => void
}

/** Where a command goes to, and why. */
export type Step = Pick<Delivery, 'reason' | 'status' | 'handle' | 'expectedAt'> & {
  readonly to: CommandState
  /** Only from these; absent: from every state that it may follow. */
  readonly from?: readonly CommandState[]
  readonly by?: Actor
}

/** Every command that is not finished, in memory exactly as it is on disk: memory follows each commit at once. */
export class CommandBook {
  readonly #parts: CommandBookParts
  readonly #commits: GroupCommit
  readonly #live = new Map<number, StoredCommand>()
  /** Those of which a step is not on disk yet. */
  readonly #moving = new Set<number>()
  readonly #lanes = new Map<string, DeviceLane>()
  readonly #timeLeft: TimeLeft
  #queued = 0
  #news: CommandRecord[] = []

  constructor(parts: CommandBookParts) {
    this.#parts = parts
    const { journal, clock, log } = parts
    this.#commits = new GroupCommit({ journal, clock, log, onCommitted: () => this.#tellNews() })
    this.#timeLeft = new TimeLeft(clock)
    for (const command of journal.unfinished()) {
      this.#timeLeft.add(command, 'an earlier run')
      this.#take(command)
    }
  }

  get live(): ReadonlyMap<number, StoredCommand> {
    return this.#live
  }

  /** How many wait, of all devices. */
  get queued(): number {
    return this.#queued
  }

  get lanes(): ReadonlyMap<string, DeviceLane> {
    return this.#lanes
  }

  /** Writes a new command, and cancels those of which it takes the place; rejects where that cannot be written. */
  accept(command: NewCommand, replaced: readonly StoredCommand[]): Promise<StoredCommand> {
    const at = command.acceptedAt
    const reason = 'A newer one took its place.'
    const moves = replaced.map(({ id }) => ({
      move: { id, from: ['queued'] as const, to: 'cancelled' as const, at, reason, by: command.by },
    }))
    return new Promise((resolve, reject) => {
      this.#commits.submit({
        changes: [...moves, { accept: command }],
        done: (outcomes) => {
          for (const outcome of outcomes) if (outcome) this.#take(outcome)
          resolve(outcomes.at(-1) as StoredCommand)
        },
        failed: reject,
      })
    })
  }

  /**
   * Brings a command a step on; `done` is called when that is on disk, with the command, or with undefined where it is
   * in a state that this cannot follow.
   */
  move(
    id: number,
    { to, by = SYSTEM, expectedAt: expected, ...step }: Step,
    done?: (moved: StoredCommand | undefined) => void,
  ): void {
    const from = step.from ?? commandStates.filter((state) => nextStates[state].includes(to) || isUpdate(state, to))
    const expectedAt = Number.isFinite(expected) ? Math.round(expected as number) : undefined
    this.#moving.add(id)
    this.#commits.submit({
      changes: [{ move: { id, expectedAt, at: this.#parts.clock.now(), by, ...step, from, to } }],
      done: ([moved]) => {
        this.#moving.delete(id)
        if (moved) this.#take(moved)
        done?.(moved)
      },
    })
  }

  /** How long the command may still wait to go out, whatever the clock is set to; negative when its time is over. */
  timeLeft(command: Pick<StoredCommand, 'id' | 'deadline'>): Milliseconds {
    return this.#timeLeft.of(command)
  }

  /** The command as its outlet is to know it. */
  outgoing({ id, device, order, deadline }: StoredCommand): OutgoingCommand {
    const dueAt = this.#parts.clock.monotonic() + this.timeLeft({ id, deadline })
    return { id, device, order, deadline, dueAt }
  }

  /** The same of one that went out. */
  sent(command: StoredCommand): SentCommand {
    return { ...this.outgoing(command), state: command.state, handle: command.handle }
  }

  /** A step of it is just being written. */
  isMoving(id: number): boolean {
    return this.#moving.has(id)
  }

  /** Writes what waits, now. False where that failed. */
  flush(): boolean {
    return this.#commits.flush()
  }

  /** The lane of a device, made where there is none. */
  lane(device: string): DeviceLane {
    const known = this.#lanes.get(device)
    if (known) return known
    const lane = new DeviceLane()
    this.#lanes.set(device, lane)
    return lane
  }

  #take(command: StoredCommand): void {
    const before = this.#live.get(command.id)
    const lane = this.lane(command.device)
    if (before?.state === 'queued') {
      lane.remove(command.id)
      this.#queued--
    }
    if (command.state === 'queued') {
      lane.add(command)
      this.#queued++
    }
    if (isFinished(command)) {
      this.#live.delete(command.id)
      this.#timeLeft.delete(command.id)
    } else {
      this.#live.set(command.id, command)
      this.#timeLeft.add(command, 'this run')
    }
    this.#news.push(recordOf(command))
  }

  #tellNews(): void {
    const news = this.#news
    this.#news = []
    if (news.length > 0) this.#parts.onNews(news)
  }

  /** Forgets lanes in which nothing is; called now and then. */
  sweep(): void {
    for (const [device, lane] of this.#lanes) if (lane.isIdle && !lane.wake) this.#lanes.delete(device)
  }
}

/** More may be said of a command that is on its way, without its state being another. */
const isUpdate = (state: CommandState, to: CommandState): boolean =>
  state === to && (state === 'sent' || state === 'transmitted')

/** What clients may know of a command. */
export function recordOf({
  subject: _subject,
  handle: _handle,
  idempotencyKey: _key,
  ...record
}: StoredCommand): CommandRecord {
  return record
}
