import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { Actor, CommandAnswer, CommandRecord, CommandRequest } from '../../core/command.ts'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { FromEngine, ToEngine } from '../../link/contract.ts'
import type { Link } from '../../link/link.ts'
import type { CommandRecords } from './command-records.ts'

/** Within which the engine commits a command; after that nobody can say whether it did. */
const COMMIT_TIMEOUT: Milliseconds = 5_000

export type EngineAsked = Pick<Link<ToEngine, FromEngine>, 'ask'>

export interface OrdersOptions {
  /** The engine, while it is heard. */
  readonly engine: () => EngineAsked | undefined
  readonly records: CommandRecords
  /** How long a write waits for its end. */
  readonly writeTimeoutMs: Milliseconds
  readonly clock: Clock
  readonly log: Logger
}

/** What clients ask of the engine. Never rejects: whatever goes wrong is a refusal with its StatusCode. */
export class Orders {
  readonly #options: OrdersOptions

  constructor(options: OrdersOptions) {
    this.#options = options
  }

  /** Answered when the command is committed, or refused. */
  async place(request: CommandRequest): Promise<CommandAnswer> {
    return await this.#ask(request.device, (engine) => engine.ask('command', request, COMMIT_TIMEOUT))
  }

  async cancel(device: string, id: number, by: Actor): Promise<CommandAnswer> {
    const known = this.#options.records.open(id)
    if (known && known.device !== device) {
      return refused(StatusCode.BadInvalidArgument, `Command ${id} is not one of ${device}, but of ${known.device}`)
    }
    return await this.#ask(device, (engine) => engine.ask('cancelCommand', { id, by }, COMMIT_TIMEOUT))
  }

  /**
   * What a write is answered with: Good when the device has confirmed it, the Bad status of its end, and
   * GoodCompletesAsynchronously while it goes on for longer than a client should wait.
   */
  async outcomeOf(answer: CommandAnswer): Promise<StatusCode> {
    if ('refused' in answer) return answer.refused.status
    const end = await this.#options.records.endOf(answer.accepted, this.#options.writeTimeoutMs)
    return end ? statusOfEnd(end) : StatusCode.GoodCompletesAsynchronously
  }

  async #ask(device: string, ask: (engine: EngineAsked) => Promise<CommandAnswer>): Promise<CommandAnswer> {
    const engine = this.#options.engine()
    if (!engine) {
      return refused(StatusCode.BadNoCommunication, 'The engine of the gateway is not there: nothing was asked of it')
    }
    try {
      return await ask(engine)
    } catch (error) {
      this.#options.log.error(
        { device, cause: describeError(error) },
        'The engine did not answer a command: nobody can say whether it was accepted; its log of commands will show it',
      )
      return refused(
        StatusCode.BadResourceUnavailable,
        'The engine of the gateway did not answer: look at the state of the command before it is asked for again',
      )
    }
  }
}

const refused = (status: StatusCode, reason: string): CommandAnswer => ({ refused: { status, reason } })

/** An end that is not Good is Bad, also where the engine gives no status for it. */
export const statusOfEnd = ({ state, status }: CommandRecord): StatusCode =>
  state === 'confirmed' ? StatusCode.Good : (status ?? StatusCode.Bad)
