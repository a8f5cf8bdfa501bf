import type { OpcuaSession } from '../link/contract.ts'
import { ExitCode } from './client/failure.ts'
import { table } from './client/format.ts'
import type { Output } from './client/options.ts'
import { type LocalFlags, LocalGateway } from './config/local-gateway.ts'
import type { Environment } from './configuration.ts'

export interface SessionsFlags extends LocalFlags {
  readonly json?: boolean
  /** Id of a session to end; absent: they are listed. */
  readonly close?: string
}

/** `penstock sessions`: who is connected to the OPC UA server of this machine's gateway; ends one of them. */
export async function sessions(
  { json = false, close, ...flags }: SessionsFlags,
  env: Environment,
  out: Output,
): Promise<number> {
  const gateway = new LocalGateway(flags, env)
  if (close !== undefined) {
    await gateway.ask('DELETE', `/sessions/${encodeURIComponent(close)}`)
    out.line(`The session ${close} is closed.`)
    return ExitCode.ok
  }
  const { sessions: found } = await gateway.ask<{ sessions: OpcuaSession[] }>('GET', '/sessions')
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
