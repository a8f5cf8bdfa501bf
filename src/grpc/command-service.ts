import { status } from '@grpc/grpc-js'
import type { Actor, CommandAnswer } from '../core/command.ts'
import { isRetryable, PenstockError } from '../core/errors.ts'
import type { PlantMirror } from '../http/live/plant-mirror.ts'
import type { Call, Calls, StreamCall } from './call.ts'
import { CallError, invalid, notFound, numberIn } from './call-error.ts'
import {
  type CommandMessage,
  commandMessage,
  commandRequestOf,
  type SendRequest,
  type StepMessage,
  stateOf,
  stepMessage,
} from './command-messages.ts'
import { watchCommand } from './command-watch.ts'
import { refusedCommand } from './refused-command.ts'
import { type GrpcService, LOOK_WITHIN } from './service.ts'

interface ById {
  /** A 64-bit integer, as digits. */
  readonly id: string
}

interface ListRequest {
  readonly device: string
  readonly state: string | number
  readonly limit: number
}

/** penstock.v1.CommandService. */
export function commandService(calls: Calls, { commands: desk, feed, clock }: GrpcService) {
  /** What the plant says of types; without it values are shown as what they look like. */
  const mirror = async (): Promise<PlantMirror | undefined> => feed.mirror ?? (await feed.look(LOOK_WITHIN).catch(gone))
  const accepted = async (answer: CommandAnswer): Promise<{ command: CommandMessage }> => {
    if ('refused' in answer) throw refusedCommand(answer.refused)
    return { command: commandMessage(answer.accepted, await mirror()) }
  }
  return {
    SendCommand: calls.unary(async (call: Call<SendRequest>) => {
      const request = commandRequestOf(call.request, actorOf(call))
      return accepted(await orUnknown(() => desk.command(request)))
    }),
    CancelCommand: calls.unary(async (call: Call<ById>) => {
      const id = idOf(call.request)
      return accepted(await orUnknown(() => desk.cancelCommand({ id, by: actorOf(call) })))
    }),
    GetCommand: calls.unary(async ({ request }: Call<ById>) => {
      const id = idOf(request)
      const found = await desk.commandSteps(id)
      if (!found) throw notFound(`There is no command ${id}, or none any more.`)
      return { command: commandMessage(found.command, await mirror()), steps: found.steps.map(stepMessage) }
    }),
    ListCommands: calls.unary(async ({ request }: Call<ListRequest>) => {
      const limit = numberIn('limit', request.limit, 1_000, 100)
      const found = await desk.commands({ device: request.device || undefined, state: stateOf(request.state), limit })
      const plant = await mirror()
      return { commands: found.map((record) => commandMessage(record, plant)) }
    }),
    WatchCommand: calls.streaming(
      async ({ request, signal, send }: StreamCall<ById, { step: StepMessage; command: CommandMessage }>) => {
        const parts = {
          id: idOf(request),
          feed,
          clock,
          ask: (id: number) => desk.commandSteps(id),
          tell: async ({ command }, step) =>
            send({ step: stepMessage(step), command: commandMessage(command, await mirror()) }),
        } satisfies Parameters<typeof watchCommand>[0]
        await watchCommand(parts, signal)
      },
    ),
  }
}

function gone(error: unknown): undefined {
  if (error instanceof PenstockError && isRetryable(error)) return undefined
  throw error
}

function idOf({ id }: ById): number {
  const number = Number(id)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw invalid('id', id, 'the number of a command')
}

/** Who asks, as the audit log names it. */
const actorOf = ({ caller, client }: Call<unknown>): Actor => ({
  user: caller.name,
  origin: 'grpc',
  address: caller.address,
  client: caller.token ? `${client} (token ${caller.token.name})` : client,
})

/** An engine that does not answer may have accepted what it was asked. */
async function orUnknown(ask: () => Promise<CommandAnswer>): Promise<CommandAnswer> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof PenstockError && isRetryable(error))) throw error
    const message =
      'The engine does not answer just now, and whether it accepted this is not known: look at the commands before you ' +
      'ask again, or ask with the same idempotency key.'
    throw new CallError(status.UNKNOWN, 'ENGINE_UNAVAILABLE', message)
  }
}
