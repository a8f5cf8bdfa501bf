import type { AuditRow } from '../core/audit.ts'
import {
  type Actor,
  type CommandAnswer,
  type CommandQuery,
  type CommandRecord,
  type CommandRequest,
  commandStates,
  type Order,
  type Refusal,
} from '../core/command.ts'
import type { TagValue } from '../core/data-type.ts'
import { PenstockError } from '../core/errors.ts'
import { isLoopback, isLoopbackHost } from '../core/loopback.ts'
import { statusName } from '../core/status-code.ts'
import type { CommandHistory } from '../link/contract.ts'
import type { Answer, Asker } from './diagnosis.ts'
import { httpStatusOfRefusal } from './refused-command.ts'

/** What is asked of the engine; all reject with ROOM_UNAVAILABLE or TIMEOUT while it does not answer. */
export interface CommandDesk {
  command(request: CommandRequest): Promise<CommandAnswer>
  cancelCommand(of: { readonly id: number; readonly by: Actor }): Promise<CommandAnswer>
  commands(query: CommandQuery): Promise<readonly CommandRecord[]>
  commandSteps(id: number): Promise<CommandHistory | null>
  audit(limit: number, before: number | undefined): Promise<readonly AuditRow[]>
}

export interface CommandCall {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly asker: Asker & {
    /** `Host`, what the asker calls this machine. */
    readonly host: string | undefined
    /** `User-Agent`. */
    readonly client?: string | undefined
    readonly contentType?: string | undefined
  }
  /** Reads the body, which is then text of at most 64 KiB; undefined: it is longer. */
  readonly body: () => Promise<string | undefined>
}

const MOST_LISTED = 1_000
const LISTED = 100

/**
 * `GET /commands?device=&state=&limit=`, `GET /commands/<id>`, `POST /commands`, `DELETE /commands/<id>` and
 * `GET /audit?limit=&before=`, all for askers on this machine only, who have shown the local token; undefined for any other
 * path. A refused command answers 422 (404 for a device, tag or command that is not there, 429 and 503 where a queue is
 * full), with its StatusCode and the reason in words.
 */
export async function answerCommands(call: CommandCall, desk: CommandDesk): Promise<Answer | undefined> {
  const [, root, id, more] = call.path.split('/')
  if (more !== undefined || (root !== 'commands' && !(root === 'audit' && id === undefined))) return undefined
  try {
    return forbidden(call) ?? (root === 'audit' ? await audit(call, desk) : await commands(call, id, desk))
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error
    if (call.method === 'GET') return failed(503, 'The engine does not answer just now; ask again.')
    const mend = 'whether it was accepted is not known: look at the commands before you ask again'
    return failed(503, `The engine does not answer just now; ${mend}.`)
  }
}

async function commands(call: CommandCall, id: string | undefined, desk: CommandDesk): Promise<Answer> {
  const { method, query } = call
  if (id === undefined || id === '') {
    if (method === 'GET') return list(query, desk)
    return method === 'POST' ? post(call, desk) : failed(405, 'Commands are asked for with GET and POST.')
  }
  if (!/^[1-9]\d{0,14}$/.test(id)) return failed(404, 'A command is named by its number.')
  if (method === 'GET') {
    const found = await desk.commandSteps(Number(id))
    if (!found) return failed(404, `There is no command ${id}, or none any more.`)
    const history = found.steps.map((step) => ({ ...step, ...named(step.status) }))
    return { status: 200, body: { ...shown(found.command), history } }
  }
  if (method !== 'DELETE') return failed(405, 'A command is asked for with GET, and taken back with DELETE.')
  return answered(await desk.cancelCommand({ id: Number(id), by: actor(call.asker) }), 200)
}

async function list(query: URLSearchParams, desk: CommandDesk): Promise<Answer> {
  const state = query.get('state') ?? undefined
  const known = commandStates.find((each) => each === state)
  if (state !== undefined && !known) return failed(400, `state is one of ${commandStates.join(', ')}.`)
  const limit = limitOf(query)
  if (limit === undefined) return badLimit
  const found = await desk.commands({ device: query.get('device') ?? undefined, state: known, limit })
  return { status: 200, body: { commands: found.map(shown) } }
}

async function audit({ method, query }: CommandCall, desk: CommandDesk): Promise<Answer> {
  if (method !== 'GET') return failed(405, 'The audit log is only read.')
  const limit = limitOf(query)
  const before = query.has('before') ? Number(query.get('before')) : undefined
  if (limit === undefined) return badLimit
  if (before !== undefined && !Number.isSafeInteger(before)) return failed(400, 'before is the number of a row.')
  return { status: 200, body: { rows: await desk.audit(limit, before) } }
}

async function post({ asker, body }: CommandCall, desk: CommandDesk): Promise<Answer> {
  // A page of another site cannot send this type without asking first.
  if (!/^application\/json\b/i.test(asker.contentType ?? '')) return failed(415, 'Send application/json.')
  const text = await body()
  if (text === undefined) return failed(413, 'A command has at most 64 KiB.')
  const request = requestOf(text, actor(asker))
  return 'error' in request ? failed(400, request.error) : answered(await desk.command(request), 202)
}

const settings = [
  'device',
  'tag',
  'value',
  'command',
  'arguments',
  'idempotencyKey',
  'priority',
  'deadline',
  'confirmed',
]
const HOW =
  'Send {"device": …, "tag": …, "value": …} or {"device": …, "command": …, "arguments": {…}}, with "idempotencyKey", ' +
  '"priority", "deadline" (ISO 8601) and "confirmed" where they are wanted.'

function requestOf(text: string, by: Actor): CommandRequest | { readonly error: string } {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return { error: `That is no JSON. ${HOW}` }
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return { error: HOW }
  const { device, tag, value, command, arguments: values = {}, ...more } = given as Readonly<Record<string, unknown>>
  const unknown = Object.keys(given).find((name) => !settings.includes(name))
  if (unknown !== undefined) return { error: `There is no setting "${unknown.slice(0, 64)}". ${HOW}` }
  if (typeof device !== 'string' || (tag === undefined) === (command === undefined)) return { error: HOW }
  const { idempotencyKey, priority, deadline, confirmed } = more
  const time = typeof deadline === 'string' ? Date.parse(deadline) : undefined
  const isRight =
    (idempotencyKey === undefined || typeof idempotencyKey === 'string') &&
    (priority === undefined || typeof priority === 'number') &&
    (deadline === undefined || (time !== undefined && !Number.isNaN(time))) &&
    (confirmed === undefined || typeof confirmed === 'boolean')
  const order = orderOf(tag, value, command, values)
  return isRight && order
    ? ({ device, order, by, idempotencyKey, priority, deadline: time, confirmed } as CommandRequest)
    : { error: HOW }
}

/** The engine checks that values are what their tags and parameters take; here they only are what JSON has. */
function orderOf(tag: unknown, value: unknown, command: unknown, values: unknown): Order | undefined {
  if (typeof tag === 'string') return isValue(value) ? { kind: 'write', tag, value } : undefined
  if (typeof command !== 'string' || typeof values !== 'object' || values === null || Array.isArray(values))
    return undefined
  const given = values as Readonly<Record<string, unknown>>
  if (!Object.values(given).every(isValue)) return undefined
  return { kind: 'command', command, arguments: given as Readonly<Record<string, TagValue>> }
}

const isValue = (value: unknown): value is TagValue =>
  ['boolean', 'number', 'string'].includes(typeof value) ||
  (Array.isArray(value) && value.every((each) => !Array.isArray(each) && isValue(each)))

/** The user is nobody in particular: whoever may use this machine. */
const actor = ({ address, client }: CommandCall['asker']): Actor => ({
  user: 'local',
  origin: client?.startsWith('penstock-cli') ? 'cli' : 'http',
  address,
  client: client?.slice(0, 200),
})

function answered(answer: CommandAnswer, done: number): Answer {
  if ('accepted' in answer) return { status: done, body: shown(answer.accepted) }
  const { status, reason }: Refusal = answer.refused
  return { status: httpStatusOfRefusal(status), body: { error: reason, status: statusName(status) } }
}

/** A command as JSON can hold it: 64-bit integers as text, bytes in hexadecimal, times in ISO 8601, the name of a status. */
function shown({ order, acceptedAt, changedAt, deadline, expectedAt, status, ...record }: CommandRecord): object {
  const times = { acceptedAt: iso(acceptedAt), changedAt: iso(changedAt), deadline: iso(deadline) }
  const what =
    order.kind === 'write'
      ? { tag: order.tag, value: plain(order.value) }
      : {
          command: order.command,
          arguments: Object.fromEntries(Object.entries(order.arguments).map(([name, value]) => [name, plain(value)])),
        }
  const more = { ...named(status), ...(expectedAt === undefined ? {} : { expectedAt: iso(expectedAt) }) }
  return { ...record, ...what, ...times, ...more }
}

const iso = (time: number): string => new Date(time).toISOString()
const named = (status: number | undefined) => (status === undefined ? {} : { status: statusName(status) })

function plain(value: TagValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return Array.isArray(value) ? value.map(plain) : value
}

function limitOf(query: URLSearchParams): number | undefined {
  const limit = Number(query.get('limit') ?? LISTED)
  return Number.isInteger(limit) && limit >= 1 && limit <= MOST_LISTED ? limit : undefined
}

const failed = (status: number, error: string): Answer => ({ status, body: { error } })
const badLimit = failed(400, `limit is a whole number from 1 to ${MOST_LISTED}.`)

/** Devices are commanded here only by whoever is on this machine, and not by a page that lured a browser. */
function forbidden({ asker: { address, fetchSite, host } }: CommandCall): Answer | undefined {
  if (address === undefined || !isLoopback(address)) {
    return failed(403, 'Commands are taken from askers on the machine of the gateway only; run penstock send there.')
  }
  // A page of a site whose name was made to mean this machine is of the same origin, and still calls it by that name.
  const isOurs = isLoopbackHost(host ?? '')
  if (isOurs && (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none')) return undefined
  return failed(403, 'Commands are not taken from a page of another site.')
}
