import { DataType, type ISessionContext, type MethodResult, StatusCodes, type Variant } from 'node-opcua'
import type { CommandAnswer, CommandConfig } from '../../core/command.ts'
import { scalar } from '../data-values.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import { actorOf } from './actor.ts'
import { argumentsOf } from './method-arguments.ts'
import type { Orders } from './orders.ts'
import { idVariant, stateVariant } from './status-nodes.ts'
import { scalarOf } from './written-value.ts'

/** What the methods of devices do (OPC 10000-4 §5.12.2), once node-opcua has checked who calls and with what types. */
export class CommandCalls {
  readonly #orders: Orders
  readonly #statuses: StatusCodeCache
  /** Stand in for arguments that a client left to their defaults. */
  readonly #omitted = new WeakSet<Variant>()

  constructor(orders: Orders, statuses: StatusCodeCache) {
    this.#orders = orders
    this.#statuses = statuses
  }

  /** Asks for the command; answered when it is committed, with its number and state. */
  async send(
    device: string,
    command: CommandConfig,
    inputs: readonly Variant[],
    context: ISessionContext,
  ): Promise<MethodResult> {
    const given = argumentsOf(command, inputs, (input) => this.#omitted.has(input))
    if ('invalid' in given) {
      return { statusCode: StatusCodes.BadInvalidArgument, inputArgumentResults: given.invalid }
    }
    const answer = await this.#orders.place({
      device,
      order: { kind: 'command', command: command.key, arguments: given.arguments },
      by: actorOf(context),
      confirmed: given.confirmed,
    })
    return this.#resultOf(answer, (accepted) => [idVariant(accepted), stateVariant(accepted)])
  }

  /** Takes a command or write of the device back. */
  async cancel(device: string, inputs: readonly Variant[], context: ISessionContext): Promise<MethodResult> {
    const id = Number(scalarOf('UInt64', inputs[0]?.value))
    if (!Number.isSafeInteger(id)) {
      return { statusCode: StatusCodes.BadInvalidArgument, inputArgumentResults: [StatusCodes.BadOutOfRange] }
    }
    const answer = await this.#orders.cancel(device, id, actorOf(context))
    return this.#resultOf(answer, (accepted) => [stateVariant(accepted)])
  }

  /**
   * Makes null of a parameter that has a default acceptable to node-opcua, which knows no optional arguments, and the same
   * of such parameters at the end that a call leaves out.
   */
  withDefaults({ parameters }: CommandConfig, inputs: readonly Variant[]): Variant[] {
    const filled = [...inputs]
    for (const [position, parameter] of parameters.entries()) {
      const input = filled[position]
      if (parameter.default === undefined) {
        if (!input) break
        continue
      }
      if (input && input.dataType !== DataType.Null) continue
      const standIn = scalar(DataType[parameter.type], null)
      this.#omitted.add(standIn)
      filled[position] = standIn
    }
    return filled
  }

  #resultOf(
    answer: CommandAnswer,
    outputsOf: (accepted: Extract<CommandAnswer, { accepted: unknown }>['accepted']) => Variant[],
  ): MethodResult {
    if ('accepted' in answer) return { statusCode: StatusCodes.Good, outputArguments: outputsOf(answer.accepted) }
    const { status, reason } = answer.refused
    return { statusCode: this.#statuses.of(status), statusText: reason }
  }
}
