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

/**
 * What the command line on the gateway's machine asks: `/commands` and `/audit` (what devices are told, and who did
 * what), `/configuration`, `/sessions` (who is connected), `/history` (values that are imported), `/support-bundle`,
 * `/safe-mode` and `/log-levels`, for whoever has the local token. False: it is none of these.
 */
export async function answerForOperators(context: Context, parts: OperatorParts): Promise<boolean> {
  const answer = await answerOf(context, parts)
  if (!answer) return false
  context.status = answer.status
  context.body = answer.body
  return true
}

async function answerOf(context: Context, parts: OperatorParts): Promise<Answer | undefined> {
  const { method, path, req } = context
  if (/^\/configuration(?:\/|$)/.test(path)) return configured(context, parts)
  if (path === '/support-bundle' && method === 'GET') {
    if (!parts.localToken.isIn(req.headers.authorization)) return strange('It is', 'penstock support')
    return { status: 200, body: await parts.support() }
  }
  if (path === '/safe-mode' && method === 'DELETE') {
    if (!parts.localToken.isIn(req.headers.authorization)) return strange('It is', 'penstock safe-mode')
    const by = { user: 'local', origin: 'cli', address: req.socket.remoteAddress } as const
    return { status: 200, body: { left: await parts.leaveSafeMode(by) } }
  }
  if (path === '/log-levels') return levelled(context, parts)
  if (path === '/history') return imported(context, parts)
  const isSession = /^\/sessions(?:\/|$)/.test(path)
  if (!isSession && !/^\/(?:commands|audit)(?:\/|$)/.test(path)) return undefined
  if (!parts.localToken.isIn(req.headers.authorization)) {
    return isSession ? strange('Sessions are', 'penstock sessions') : strange('Commands are', 'penstock send')
  }
  return isSession ? answerSessions(method, path, parts.opcua) : answerCommands(commandCall(context), parts.commands)
}

/** To whoever comes without the local token. */
const strange = (what: string, command: string): Answer => ({
  status: 401,
  body: { error: `${what} for whoever can read the data folder: run ${command} on that machine.` },
})

async function imported({ req, method }: Context, { edits, localToken }: OperatorParts): Promise<Answer> {
  if (!localToken.isIn(req.headers.authorization)) return strange('History is changed', 'penstock history import')
  if (method !== 'POST') return { status: 405, body: { error: 'Values are imported with POST.' } }
  const body = await jsonBody(req)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  return answerHistoryImport(body.value, { user: 'local', origin: 'cli', address: req.socket.remoteAddress }, edits)
}

async function levelled({ req, method, URL: url }: Context, { logLevels, localToken }: OperatorParts): Promise<Answer> {
  if (!localToken.isIn(req.headers.authorization)) return strange('What is logged is', 'penstock log-level')
  const body = await jsonBody(req)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  const by = { user: 'local', origin: 'cli', address: req.socket.remoteAddress } as const
  return answerLogLevels(method, url.searchParams, body.value, by, logLevels)
}

async function configured(context: Context, { configuration, localToken }: OperatorParts): Promise<Answer> {
  const { req, method, path } = context
  if (!localToken.isIn(req.headers.authorization)) return strange('The configuration is', 'penstock config')
  const body = await jsonBody(req)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  const by = { user: 'local', origin: 'cli', address: req.socket.remoteAddress } as const
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
