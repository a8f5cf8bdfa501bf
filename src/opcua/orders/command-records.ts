import type { Clock, Milliseconds } from '../../core/clock.ts'
import { type CommandRecord, isFinished } from '../../core/command.ts'

/** Ends of commands that are remembered for whoever is told of a command's acceptance only after its end. */
const REMEMBERED_ENDS = 1_000

/** What the engine has said of commands: those that go on, and the newest of each device and each of its commands. */
export class CommandRecords {
  readonly #clock: Clock
  readonly #open = new Map<number, CommandRecord>()
  /** The newest by device, and by device and command. */
  readonly #newest = new Map<string, CommandRecord>()
  readonly #queued = new Map<string, number>()
  readonly #ends = new Map<number, CommandRecord>()
  readonly #waiting = new Map<number, Set<(end: CommandRecord) => void>>()
  /** Went on when the engine was last heard, and it has not been said that they still do. */
  #doubtful = new Set<number>()
  /** Ended while the engine was not heard, nobody knows how. */
  readonly #endedUnseen = new WeakSet<CommandRecord>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes what the engine says; answers whether it is news. */
  take(record: CommandRecord): boolean {
    const { id, device, order } = record
    const before = this.#open.get(id)
    this.#doubtful.delete(id)
    if (this.#ends.has(id)) return false
    if (before && before.state === record.state && before.changedAt === record.changedAt) return false
    if (before) this.#count(before, -1)
    if (isFinished(record)) this.#end(record)
    else {
      this.#open.set(id, record)
      this.#count(record, 1)
    }
    for (const key of [keyOf(device), ...(order.kind === 'command' ? [keyOf(device, order.command)] : [])]) {
      const newest = this.#newest.get(key)
      if (!newest || newest.id <= id) this.#newest.set(key, record)
    }
    return true
  }

  /** The engine is about to say again which commands go on. */
  expectAll(): void {
    this.#doubtful = new Set(this.#open.keys())
  }

  /** It has said it: what it did not mention has ended unseen. */
  settle(): void {
    for (const id of this.#doubtful) {
      const record = this.#open.get(id)
      if (!record) continue
      this.#close(record)
      this.#endedUnseen.add(record)
    }
    this.#doubtful.clear()
  }

  /** The newest of the device, or of one of its commands, that is known here. */
  newest(device: string, command?: string): CommandRecord | undefined {
    return this.#newest.get(keyOf(device, command))
  }

  /** False where the record's state is the last that was heard of it, and not the one that it has. */
  isCurrent(record: CommandRecord): boolean {
    return !this.#endedUnseen.has(record)
  }

  /** How many of the device wait to be sent. */
  queued(device: string): number {
    return this.#queued.get(device) ?? 0
  }

  /** One that goes on, if it does. */
  open(id: number): CommandRecord | undefined {
    return this.#open.get(id)
  }

  /** Resolves with the end of the command, or with undefined when it goes on for longer than `timeoutMs`. */
  endOf(accepted: CommandRecord, timeoutMs: Milliseconds): Promise<CommandRecord | undefined> {
    const { id } = accepted
    const known = isFinished(accepted) ? accepted : this.#ends.get(id)
    if (known || timeoutMs === 0) return Promise.resolve(known)
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set()
      this.#waiting.set(id, waiting)
      const settle = (end?: CommandRecord) => {
        cancel()
        waiting.delete(settle)
        if (waiting.size === 0) this.#waiting.delete(id)
        resolve(end)
      }
      const cancel = this.#clock.after(timeoutMs, () => settle())
      waiting.add(settle)
    })
  }

  /** The plant has this device no more. */
  forget(device: string, commands: readonly string[]): void {
    for (const command of [undefined, ...commands]) this.#newest.delete(keyOf(device, command))
  }

  #end(record: CommandRecord): void {
    const { id } = record
    this.#open.delete(id)
    this.#ends.set(id, record)
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= REMEMBERED_ENDS) break
      this.#ends.delete(oldest)
    }
    for (const settle of [...(this.#waiting.get(id) ?? [])]) settle(record)
  }

  #close(record: CommandRecord): void {
    this.#open.delete(record.id)
    this.#count(record, -1)
  }

  #count({ device, state }: CommandRecord, by: 1 | -1): void {
    if (state !== 'queued') return
    const count = this.queued(device) + by
    if (count === 0) this.#queued.delete(device)
    else this.#queued.set(device, count)
  }
}

/** No key has a slash. */
const keyOf = (device: string, command?: string): string => (command === undefined ? device : `${device}/${command}`)
