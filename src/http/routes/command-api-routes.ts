import { z } from 'zod'
import {
  type Actor,
  type CommandAnswer,
  type CommandRecord,
  type CommandRequest,
  commandStates,
  isFinal,
  type Order,
  type ParameterConfig,
} from '../../core/command.ts'
import { conditionsOf } from '../../core/command-conditions.ts'
import type { TagValue } from '../../core/data-type.ts'
import { statusName } from '../../core/status-code.ts'
import { ApiProblem, notFound } from '../api/problem.ts'
import { type Asked, type Route, route } from '../api/route.ts'
import {
  auditPage,
  type CommandAnswered,
  command,
  commandDetail,
  commandList,
  commandRequest,
  type DeviceCommandsAnswer,
  deviceCommands,
} from '../api/schemas/commands.ts'
import { httpStatusOfRefusal } from '../refused-command.ts'
import { given } from './given.ts'
import { mirrorOf, orSilent, type WebService } from './service.ts'

const limit = z.coerce.number().int().min(1).max(1_000).default(100)
const named = z.strictObject({ id: z.coerce.number().int().min(1) })

/** What devices are told: asking for it, what became of it, and who did what. */
export function commandApiRoutes(service: WebService): Route[] {
  const { commands: desk } = service
  return [
    route({
      method: 'GET',
      path: '/commands',
      right: 'read',
      group: 'Commands',
      summary: 'Commands and writes, the newest first',
      query: z.strictObject({
        device: z.string().optional(),
        state: z.enum(commandStates).optional(),
        limit,
      }),
      answer: commandList,
      handle: async ({ query }) => ({ commands: (await orSilent(() => desk.commands(query))).map(answerOf) }),
    }),
    route({
      method: 'GET',
      path: '/commands/{id}',
      right: 'read',
      group: 'Commands',
      summary: 'One command, with the states it was in',
      pathParameters: named,
      answer: commandDetail,
      handle: async ({ path }) => {
        const found = await orSilent(() => desk.commandSteps(path.id))
        if (!found) throw notFound(`There is no command ${path.id}, or none any more.`)
        const steps = found.steps.map(({ status, ...step }) => ({ ...step, ...statusOf(status) }))
        return { ...answerOf(found.command), steps }
      },
    }),
    route({
      method: 'POST',
      path: '/commands',
      right: 'command',
      group: 'Commands',
      summary: 'Write a tag, or command a device',
      description: 'Answered when it is on disk; what becomes of it is asked for by its number.',
      body: commandRequest,
      answer: command,
      status: 202,
      handle: async ({ body }, asked) => {
        const { device, idempotencyKey, deadline, priority, confirmed } = body
        const order: Order =
          'tag' in body
            ? { kind: 'write', tag: body.tag, value: body.value }
            : { kind: 'command', command: body.command, arguments: body.arguments }
        const more = given({ idempotencyKey, deadline, priority, confirmed })
        const request: CommandRequest = { device, order, isPlain: true, by: actorOf(asked), ...more }
        return accepted(await orUnknown(() => desk.command(request)))
      },
    }),
    route({
      method: 'DELETE',
      path: '/commands/{id}',
      right: 'command',
      group: 'Commands',
      summary: 'Take back a command that has not gone out',
      pathParameters: named,
      answer: command,
      handle: async ({ path }, asked) =>
        accepted(await orUnknown(() => desk.cancelCommand({ id: path.id, by: actorOf(asked) }))),
    }),
    route({
      method: 'GET',
      path: '/devices/{device}/commands',
      right: 'read',
      group: 'Commands',
      summary: 'What a device can be told, beside writing its tags',
      pathParameters: z.strictObject({ device: z.string() }),
      answer: deviceCommands,
      handle: async ({ path }) => {
        const { plant } = await mirrorOf(service)
        const device = plant.sources.flatMap(({ devices }) => devices).find(({ key }) => key === path.device)
        if (!device) throw notFound(`The plant has no device with the key "${path.device}".`)
        const commands = (device.commands ?? []).map((each) => {
          const { key, name, description, parameters, needsConfirmation = false } = each
          return {
            key,
            name,
            ...given({ description }),
            parameters: parameters.map(parameterOf),
            needsConfirmation,
            conditions: [...conditionsOf(each)],
          }
        })
        return { commands }
      },
    }),
    route({
      method: 'GET',
      path: '/audit',
      right: 'administerSecurity',
      group: 'Audit',
      summary: 'Who did what, the newest first',
      query: z.strictObject({
        limit,
        before: z.coerce.number().int().optional().describe('`next` of the page before.'),
      }),
      answer: auditPage,
      handle: async ({ query }) => {
        const rows = await orSilent(() => desk.audit(query.limit, query.before))
        const last = rows.at(-1)
        const shown = rows.map(({ by, details, ...row }) => ({ ...row, by: byOf(by), ...given({ details }) }))
        return { rows: shown, ...(last && rows.length === query.limit ? { next: last.id } : {}) }
      },
    }),
  ]
}

/** Who asks, as the audit log names it. */
export function actorOf({ context, visitor }: Asked): Actor {
  const agent = context.get('User-Agent').slice(0, 200)
  const client = visitor?.token ? `${agent} (token ${visitor.token.name})` : agent
  return { user: visitor?.name ?? '', origin: 'http', ...given({ address: context.req.socket.remoteAddress, client }) }
}

/** An engine that does not answer may have accepted what it was asked. */
async function orUnknown(ask: () => Promise<CommandAnswer>): Promise<CommandAnswer> {
  return orSilent(
    ask,
    'The engine does not answer just now, and whether it accepted this is not known: look at the commands before you ' +
      'ask again.',
  )
}

function accepted(answer: CommandAnswer): CommandAnswered {
  if ('accepted' in answer) return answerOf(answer.accepted)
  const { status, reason } = answer.refused
  throw new ApiProblem({ status: httpStatusOfRefusal(status), code: statusName(status), detail: reason })
}

const statusOf = (status: number | undefined) => (status === undefined ? {} : { status: statusName(status) })
const byOf = ({ user, origin, address, client }: Actor) => ({ user, origin, ...given({ address, client }) })

function answerOf({ order, status, by, expectedAt, ...record }: CommandRecord): CommandAnswered {
  const what = order.kind === 'write' ? { tag: order.tag } : { command: order.command }
  const values = order.kind === 'write' ? { value: order.value } : order.arguments
  return {
    ...record,
    ...what,
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inJson(value)])),
    by: byOf(by),
    isFinal: isFinal(record.state),
    ...statusOf(status),
    ...given({ expectedAt }),
  }
}

function inJson(value: TagValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return Array.isArray(value) ? value.map(inJson) : value
}

type ParameterAnswer = DeviceCommandsAnswer['commands'][number]['parameters'][number]

function parameterOf({ key, name, type, states, ...more }: ParameterConfig): ParameterAnswer {
  const { description, unit, range, default: preset } = more
  const shown = states?.map((state) => ({ value: state.value, name: state.name }))
  return { key, name, type, ...given({ description, unit, range, states: shown, default: preset }) }
}
