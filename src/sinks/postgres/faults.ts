import { describeError, isRetryable, PenstockError } from '../../core/errors.ts'
import type { PostgresConfig } from '../../core/sink.ts'

/** What a failure means for the sink, in words for the operator. */
export interface Fault {
  readonly state: 'backoff' | 'refused'
  readonly reason: string
}

type Target = Pick<PostgresConfig, 'host' | 'port' | 'database' | 'user' | 'passwordEnv' | 'schema'>

/** What to do about some of the errors that PostgreSQL has (appendix A of its documentation), by code or by class. */
const mends: Readonly<Record<string, (target: Target) => string>> = {
  '28': ({ user, passwordEnv }) =>
    `check the user "${user}", the password in ${passwordEnv} (or the file of ${passwordEnv}_FILE), and pg_hba.conf of the server`,
  '3D000': ({ database }) => `make the database, or correct sinks.postgres.database, which is "${database}"`,
  '42501': ({ schema, user }) =>
    `give "${user}" its rights: CREATE SCHEMA "${schema}" AUTHORIZATION "${user}" makes a schema that it may use`,
  '42': ({ schema }) => `the tables in the schema "${schema}" are not as Penstock made them: undo what was changed`,
  '23': ({ schema }) => `a rule that was added to the tables in the schema "${schema}" refuses a sample: remove it`,
  '53100': () => 'make room on the disk of the server',
  '53300': () => 'the server has no connection left: raise its max_connections, or end others',
  '57P03': () => 'the server is just starting',
  '25006': () => 'the server is a standby, or read-only: name the primary',
}

/** Classes that pass without anybody's help: connection, resources, operator (a shutdown), system, rolled back. */
const passing = ['08', '40', '53', '57', '58', 'XX']
/** A session of before the last start has just committed what this one was sending. */
const TAKEN_ALREADY = '23505'

/** What was wrong with a session, and whether it mends itself. */
export function faultOf(error: unknown, target: Target): Fault {
  const at = `${target.host}:${target.port}`
  const code = codeOf(error)
  if (code === TAKEN_ALREADY) {
    return {
      state: 'backoff',
      reason: `PostgreSQL at ${at} has it already from an earlier session; the gateway looks again`,
    }
  }
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    const mend = (mends[code] ?? mends[code.slice(0, 2)])?.(target)
    const reason = `PostgreSQL at ${at} answers "${plain(error)}" (${code})${mend ? `; ${mend}` : ''}`
    const passes = passing.includes(code.slice(0, 2)) && code !== '53100'
    return { state: passes ? 'backoff' : 'refused', reason }
  }
  if (error instanceof PenstockError && error.code === 'HISTORY_UNAVAILABLE') {
    return { state: 'backoff', reason: describeError(error) }
  }
  if (error instanceof PenstockError && !isRetryable(error) && error.code !== 'STOPPED') {
    return { state: 'refused', reason: error.message }
  }
  if (code?.startsWith('ERR_TLS') || /certificate|SSL/i.test(plain(error))) {
    const mend = 'check sinks.postgres.tls, and the certificate of the server (ssl in postgresql.conf)'
    return { state: 'refused', reason: `PostgreSQL at ${at} is not proved: ${plain(error)}; ${mend}` }
  }
  // Of a name with several addresses the error has a code only.
  const said = plain(error) === '' ? (code ?? 'no reason was given') : plain(error)
  return {
    state: 'backoff',
    reason: `PostgreSQL at ${at} cannot be reached, or went away (${said}); check that it runs, and the way to it`,
  }
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

const plain = (error: unknown): string => describeError(error)
