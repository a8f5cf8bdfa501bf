import type { Actor } from '../core/command.ts'
import { PenstockError } from '../core/errors.ts'
import type { OpcuaSession } from '../link/contract.ts'
import type { Answer } from './diagnosis.ts'

/** What is asked of the OPC UA server; both reject with ROOM_UNAVAILABLE or TIMEOUT while it does not answer. */
export interface OpcuaSessions {
  sessions(): Promise<readonly OpcuaSession[]>
  /** False: there is no session with this id. Who ends it stands in the audit log. */
  closeSession(id: string, by: Actor): Promise<boolean>
}

const BASE = '/sessions'

/**
 * `GET /sessions` (who is connected to the OPC UA server) and `DELETE /sessions/<id>` (ends one); undefined for any
 * other path. 404: there is no such session, 405: another method, 503: the OPC UA server does not answer.
 */
export async function answerSessions(
  method: string,
  path: string,
  opcua: OpcuaSessions,
  by: Actor,
): Promise<Answer | undefined> {
  const id = idIn(path)
  if (id === undefined) return undefined
  try {
    if (id === '') {
      if (method !== 'GET') return failed(405, `${BASE} is read with GET; DELETE ${BASE}/<id> ends one.`)
      return { status: 200, body: { sessions: await opcua.sessions() } }
    }
    if (method !== 'DELETE') return failed(405, `DELETE ends a session; GET ${BASE} lists them.`)
    if (await opcua.closeSession(id, by)) return { status: 200, body: { closed: id } }
    return failed(404, `There is no session "${id.slice(0, 100)}"; ${BASE} lists those there are.`)
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error
    return failed(503, 'The OPC UA server does not answer just now; ask again.')
  }
}

/** Empty: all sessions. Undefined: the path is about something else. */
function idIn(path: string): string | undefined {
  if (path === BASE) return ''
  if (!path.startsWith(`${BASE}/`)) return undefined
  try {
    return decodeURIComponent(path.slice(BASE.length + 1))
  } catch {
    return path.slice(BASE.length + 1)
  }
}

const failed = (status: number, error: string): Answer => ({ status, body: { error } })
