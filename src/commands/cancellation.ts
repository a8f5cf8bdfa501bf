import { type Actor, type CommandAnswer, type CommandState, isFinished } from '../core/command.ts'
import type { CommandJournal, StoredCommand } from '../core/command-journal.ts'
import { StatusCode } from '../core/status-code.ts'
import { type CommandBook, recordOf } from './command-book.ts'
import type { Directory } from './directory.ts'
import type { Outlets } from './outlets.ts'

export interface CancellationParts {
  readonly book: CommandBook
  readonly journal: CommandJournal
  readonly directory: Directory
  readonly outlets: Outlets
}

/** Takes commands back, while that is possible. */
export class Cancellation {
  readonly #parts: CancellationParts

  constructor(parts: CancellationParts) {
    this.#parts = parts
  }

  async cancel({ id, by }: { readonly id: number; readonly by: Actor }): Promise<CommandAnswer> {
    const { book, journal } = this.#parts
    const command = book.live.get(id)
    if (!command) return answerFor(journal.find(id), id)
    if (command.state === 'queued' && (await this.#take(command, 'queued', by))) return answerFor(journal.find(id), id)
    const { sending } = book.lane(command.device)
    if (sending?.id === id) {
      sending.cancelledBy = by
      sending.abort.abort()
      await sending.settled
    } else if (command.state === 'sent') await this.#recall(command, by)
    return answerFor(journal.find(id), id)
  }

  async #recall(command: StoredCommand, by: Actor): Promise<void> {
    const place = this.#parts.directory.place(command.device)
    const outlet = place && this.#parts.outlets.of(place.source.key)?.outlet
    if (await outlet?.recall?.(this.#parts.book.sent(command))) await this.#take(command, 'sent', by)
  }

  #take({ id }: StoredCommand, from: CommandState, by: Actor): Promise<boolean> {
    const why = { reason: `Taken back by ${by.user}.`, status: StatusCode.BadRequestCancelledByClient }
    return new Promise((resolve) => {
      this.#parts.book.move(id, { to: 'cancelled', from: [from], ...why, by }, (moved) => resolve(moved !== undefined))
    })
  }
}

function answerFor(command: StoredCommand | undefined, id: number): CommandAnswer {
  if (command?.state === 'cancelled') return { accepted: recordOf(command) }
  if (!command) {
    return { refused: { status: StatusCode.BadNotFound, reason: `There is no command ${id}, or none any more.` } }
  }
  const reason = isFinished(command)
    ? `Command ${id} is ${command.state} already and cannot be taken back.`
    : `Command ${id} is ${command.state} and can no longer be taken back.`
  return { refused: { status: StatusCode.BadInvalidState, reason } }
}
