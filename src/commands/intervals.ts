import type { Clock, Milliseconds } from '../core/clock.ts'
import type { CommandJournal, StoredCommand } from '../core/command-journal.ts'

/** The longest interval that a configuration can ask for. */
const LONGEST: Milliseconds = 86_400_000

/** When each tag or command of a device was last sent, on the monotonic clock; over restarts as the journal says. */
export class Intervals {
  readonly #clock: Clock
  readonly #sent = new Map<string, Milliseconds>()

  constructor(journal: CommandJournal, clock: Clock) {
    this.#clock = clock
    const now = clock.now()
    for (const { device, subject, at } of journal.lastSent(now - LONGEST)) {
      this.#sent.set(nameOf({ device, subject }), clock.monotonic() - Math.max(0, now - at))
    }
  }

  /** How long the command still has to wait. */
  left(command: StoredCommand, interval: Milliseconds | undefined): Milliseconds {
    const last = interval === undefined ? undefined : this.#sent.get(nameOf(command))
    return last === undefined || interval === undefined ? 0 : Math.max(0, last + interval - this.#clock.monotonic())
  }

  /** It goes out now; the returned function takes that back. */
  sent(command: StoredCommand): () => void {
    const name = nameOf(command)
    const before = this.#sent.get(name)
    this.#sent.set(name, this.#clock.monotonic())
    return () => {
      if (before === undefined) this.#sent.delete(name)
      else this.#sent.set(name, before)
    }
  }

  /** Forgets what no interval reaches back to. */
  sweep(): void {
    const oldest = this.#clock.monotonic() - LONGEST
    for (const [name, at] of this.#sent) if (at < oldest) this.#sent.delete(name)
  }
}

const nameOf = ({ device, subject }: Pick<StoredCommand, 'device' | 'subject'>): string => `${device}/${subject}`
