import type { Milliseconds } from '../core/clock.ts'
import type { StoredCommand } from '../core/command-journal.ts'
import type { Delivery } from '../core/command-outlet.ts'
import type { CommandBook } from './command-book.ts'
import type { Directory } from './directory.ts'
import { uncertain } from './dispatcher.ts'
import type { Outlets } from './outlets.ts'

/** How long after its deadline it may take to find out whether a command of an earlier run went out. */
const FOUND_OUT_WITHIN: Milliseconds = 60_000

export interface FollowedParts {
  readonly book: CommandBook
  readonly directory: Directory
  readonly outlets: Outlets
  /** Nothing keeps the commands of this device any more. */
  readonly onFree: (device: string) => void
}

/** Commands that went out, or may have: what becomes of them is what their outlets say, and unknown where none does. */
export class Followed {
  readonly #parts: FollowedParts

  constructor(parts: FollowedParts) {
    this.#parts = parts
  }

  /** Takes over what an earlier run left; sources have begun. */
  begin(): void {
    for (const command of [...this.#parts.book.live.values()]) {
      if (command.state === 'queued') continue
      const outlet = this.#outletOf(command)
      if (command.state === 'sending') {
        if (outlet?.follow) this.#parts.book.lane(command.device).unsettled.add(command.id)
        else {
          this.#giveUp(command, 'The gateway ended while it was being sent: it may have gone out.')
          continue
        }
      }
      outlet?.follow?.([this.#parts.book.sent(command)])
    }
  }

  /** A source that is another object now knows nothing of what the former one sent. */
  sourceBegan(key: string): void {
    const { book, directory, outlets } = this.#parts
    const open = [...book.live.values()].filter(
      (command) => this.#isOut(command) && directory.place(command.device)?.source.key === key,
    )
    const outlet = outlets.of(key)?.outlet
    if (outlet?.follow) {
      if (open.length > 0) outlet.follow(open.map((command) => book.sent(command)))
      return
    }
    for (const command of open) this.#giveUp(command, 'Its source can no longer say what became of it.')
  }

  plantChanged(): void {
    const { book, directory } = this.#parts
    for (const command of [...book.live.values()]) {
      if (!this.#isOut(command) || directory.place(command.device)) continue
      this.#giveUp(command, 'Its device was taken out of the configuration while it was on its way.')
    }
  }

  /** What an outlet says of a command; left aside where that cannot follow. */
  news(id: number, { state: to, ...why }: Delivery): void {
    const { book } = this.#parts
    const command = book.live.get(id)
    if (!command) return
    const { unsettled } = book.lane(command.device)
    // Back to the queue: only what send itself answers, and what is found out of an earlier run.
    if (to === 'queued' && !unsettled.has(id)) return
    book.move(id, { to, ...why }, (moved) => {
      if (moved && unsettled.delete(id)) this.#parts.onFree(command.device)
    })
  }

  sweep(): void {
    for (const lane of this.#parts.book.lanes.values()) {
      for (const id of lane.unsettled) {
        const command = this.#parts.book.live.get(id)
        if (command && !this.#parts.book.isMoving(id) && this.#parts.book.timeLeft(command) + FOUND_OUT_WITHIN < 0) {
          this.#giveUp(
            command,
            'The gateway ended while it was being sent, and it was not found out whether it went out.',
          )
        }
      }
    }
  }

  #isOut({ id, device, state }: StoredCommand): boolean {
    if (state === 'sending') return this.#parts.book.lane(device).unsettled.has(id)
    return state === 'sent' || state === 'transmitted'
  }

  #giveUp(command: StoredCommand, reason: string): void {
    this.news(command.id, uncertain(`${reason} Look at the device before it is sent again.`))
  }

  #outletOf({ device }: StoredCommand) {
    const place = this.#parts.directory.place(device)
    return place && this.#parts.outlets.of(place.source.key)?.outlet
  }
}
