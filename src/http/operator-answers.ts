import type { Context } from 'koa'
import type { ConfigurationDesk } from '../config/desk.ts'
import type { Actor } from '../core/command.ts'
import { commandCall } from './command-call.ts'
import { answerCommands, type CommandDesk } from './command-routes.ts'
import { answerConfiguration } from './configuration-routes.ts'
import type { Answer } from './diagnosis.ts'
import { answerHistoryImport, type HistoryDesk } from './history/history-import.ts'
import { jsonBody } from './json-body.ts'
import type { LocalToken } from './local-token.ts'
import { answerLogLevels, type LogLevelDesk } from './log-levels.ts'
import { answerSessions, type OpcuaSessions } from './sessions.ts'

export interface OperatorParts {
  readonly commands: CommandDesk
  readonly edits: HistoryDesk
  readonly opcua: OpcuaSessions
  readonly configuration: ConfigurationDesk
  /** Whoever has it may do everything. */
  readonly localToken: LocalToken
  /** What the gateway knows of itself for support, as a `.tar.gz` without secrets. */
  readonly support: () => Promise<Buffer>
  /** Sources begin again; false: it is not in safe mode. */
  readonly leaveSafeMode: (by: Actor) => Promise<boolean>
  /** How much is logged of what, for a while. */
  readonly logLevels: LogLevelDesk
}

/** What the command line asks below a path, and what it is told that comes without the local token. */
interface Desk {
  readonly path: RegExp
  /** Absent: whichever it is asked with. */
  readonly method?: string
  readonly what: string
  readonly command: string
  readonly answer: (context: Context, parts: OperatorParts, by: Actor) => Promise<Answer | undefined>
}

const desks: readonly Desk[] = [
  {
    path: /^\/configuration(?:\/|$)/,
    what: 'The configuration is',
    command: 'penstock config',
    answer: configured,
  },
  {
    path: /^\/support-bundle$/,
    method: 'GET',
    what: 'It is',
    command: 'penstock support',
    answer: async (_context, { support }) => ({ status: 200, body: await support() }),
  },
  {
    path: /^\/safe-mode$/,
    method: 'DELETE',
    what: 'It is',
    command: 'penstock safe-mode',
    answer: async (_context, { leaveSafeMode }, by) => ({ status: 200, body: { left: await leaveSafeMode(by) } }),
  },
  { path: /^\/log-levels$/, what: 'What is logged is', command: 'penstock log-level', answer: levelled },
  { path: /^\/history$/, what: 'History is changed', command: 'penstock history import', answer: imported },
  {
    path: /^\/sessions(?:\/|$)/,
    what: 'Sessions are',
    command: 'penstock sessions',
    answer: ({ method, path }, { opcua }, by) => answerSessions(method, path, opcua, by),
  },
  {
    path: /^\/(?:commands|audit)(?:\/|$)/,
    what: 'Commands are',
    command: 'penstock send',
    answer: (context, { commands }) => answerCommands(commandCall(context), commands),
  },
]

/**
 * What the command line on the gateway's machine asks: `/commands` and `/audit` (what devices are told, and who did
 * what), `/configuration`, `/sessions` (who is connected), `/history` (values that are imported), `/support-bundle`,
 * `/safe-mode` and `/log-levels`, for whoever has the local token. False: it is none of these.
 */
export async function answerForOperators(context: Context, parts: OperatorParts): Promise<boolean> {
  const { path, method, req } = context
  const desk = desks.find((each) => each.path.test(path) && (each.method ?? method) === method)
  if (!desk) return false
  const isKnown = parts.localToken.isIn(req.headers.authorization)
  const by: Actor = { user: 'local', origin: 'cli', address: req.socket.remoteAddress }
  const answer = isKnown ? await desk.answer(context, parts, by) : strange(desk)
  if (!answer) return false
  context.status = answer.status
  context.body = answer.body
  return true
}

/** To whoever comes without the local token. */
const strange = ({ what, command }: Desk): Answer => ({
  status: 401,
  body: { error: `${what} for whoever can read the data folder: run ${command} on that machine.` },
})

async function imported({ req, method }: Context, { edits }: OperatorParts, by: Actor): Promise<Answer> {
  if (method !== 'POST') return { status: 405, body: { error: 'Values are imported with POST.' } }
  const body = await jsonBody(req)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  return answerHistoryImport(body.value, by, edits)
}

async function levelled({ method, req, URL: url }: Context, { logLevels }: OperatorParts, by: Actor): Promise<Answer> {
  const body = await jsonBody(req)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  return answerLogLevels(method, url.searchParams, body.value, by, logLevels)
}

async function configured(context: Context, { configuration }: OperatorParts, by: Actor): Promise<Answer> {
  const { req, method, path } = context
  const body = await jsonBody(req)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  const asked = {
    method,
    path: path.slice('/configuration'.length),
    query: context.URL.searchParams,
    body: body.value,
    by,
  }
  return (
    (await answerConfiguration(asked, configuration)) ?? {
      status: 404,
      body: { error: `There is no ${method} ${path}.` },
    }
  )
}
