import type { OpcuaSession } from '../link/contract.ts'
import { ExitCode } from './client/failure.ts'
import { table } from './client/format.ts'
import type { Output } from './client/options.ts'
import { askGateway } from './field/ask-gateway.ts'

export interface SessionsOptions {
  readonly url: string
  readonly json: boolean
  /** Id of a session to end; absent: they are listed. */
  readonly close?: string | undefined
}

/** `penstock sessions`: who is connected to a running gateway's OPC UA server; ends one of them. */
export async function sessions({ url, json, close }: SessionsOptions, out: Output): Promise<number> {
  if (close !== undefined) {
    await askGateway(url, `/sessions/${encodeURIComponent(close)}`, { method: 'DELETE' })
    out.line(`The session ${close} is closed.`)
    return ExitCode.ok
  }
  const { sessions: found } = await askGateway<{ sessions: OpcuaSession[] }>(url, '/sessions')
  if (json) out.line(JSON.stringify(found, null, 2))
  else for (const line of describeSessions(found)) out.line(line)
  return ExitCode.ok
}

/** In lines for people. */
export function describeSessions(sessions: readonly OpcuaSession[]): string[] {
  if (sessions.length === 0) return ['Nobody is connected.']
  return table([heading, ...sessions.map(row)])
}

const heading = ['session', 'user', 'client', 'address', 'security', 'since', 'last contact', 'subscriptions', 'items']

function row(session: OpcuaSession): string[] {
  const { id, user, client, address, securityPolicy, securityMode, since, lastContactAt, subscriptions } = session
  return [
    id,
    user ?? (session.active ? '(anonymous)' : '(not logged in)'),
    client || '-',
    address ?? '(no connection)',
    securityMode === 'None' ? 'None' : [securityPolicy, securityMode].filter((part) => part !== null).join(' ') || '-',
    new Date(since).toISOString(),
    new Date(lastContactAt).toISOString(),
    String(subscriptions.length),
    String(subscriptions.reduce((sum, { items }) => sum + items, 0)),
  ].map(oneLine)
}

/** What a client calls itself may hold anything, also what moves the cursor of a terminal. */
const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')
