import { readFileSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { Secrets, secretsOf } from '../../config/secrets.ts'
import { systemClock } from '../../core/clock.ts'
import type { PostgresConfig } from '../../core/sink.ts'
import { postgresTargetOf } from '../../engine/postgres-target.ts'
import { postgresMigrations } from '../../engine/serve-sink.ts'
import { PostgresConnection } from '../../sinks/postgres/connection.ts'
import { faultOf } from '../../sinks/postgres/faults.ts'
import { quoted, refuseUnfit, schemaState } from '../../sinks/postgres/schema.ts'
import type { Environment } from '../configuration.ts'
import { type Finding, ok, problem } from './finding.ts'

/** Whether PostgreSQL can be used as the gateway would use it; nothing is changed there. */
export async function checkPostgres({ sinks }: Config, env: Environment): Promise<readonly Finding[]> {
  const { postgres } = sinks
  if (!postgres) return []
  const secrets = new Secrets({ env, readFile: (path) => readFileSync(path, 'utf8') })
  const answers = secretsOf({ users: [], sources: [], postgres }).map((use) => ({ use, answer: secrets.read(use) }))
  // That a secret is missing is said already.
  if (answers.some(({ answer }) => !answer.ok)) return []
  const known = new Map(answers.map(({ use, answer }) => [use.variable, answer.ok ? answer.value : undefined]))
  try {
    const target = await postgresTargetOf(postgres, (name) => known.get(name), systemClock.now())
    const connection = await PostgresConnection.open(target, systemClock)
    try {
      return [await examined(connection, postgres)]
    } finally {
      connection.close()
    }
  } catch (error) {
    const [text = '', ...mend] = faultOf(error, postgres).reason.split('; ')
    return [problem('postgres', text, capital(mend.join('; ')))]
  }
}

async function examined(connection: PostgresConnection, { schema, user, database }: PostgresConfig): Promise<Finding> {
  const state = await schemaState(connection, schema)
  refuseUnfit(state, schema, postgresMigrations)
  const [rights] = await connection.query<{ make: boolean | null; use: boolean | null; temporary: boolean }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS make,
       has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
       (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) AS use`,
    [schema],
  )
  const create = `CREATE SCHEMA ${quoted(schema)} AUTHORIZATION ${quoted(user)} makes one that it may use.`
  if (rights?.temporary === false) {
    const mend = `GRANT TEMPORARY ON DATABASE ${quoted(database)} TO ${quoted(user)} gives it the right.`
    return problem('postgres', `The user "${user}" may not make temporary tables`, mend)
  }
  if (state.exists && rights?.use !== true) {
    return problem('postgres', `The user "${user}" may not make tables in the schema "${schema}"`, create)
  }
  if (!state.exists && rights?.make !== true) {
    return problem('postgres', `There is no schema "${schema}", and "${user}" may not make one`, create)
  }
  const tables = state.version === 0 ? 'its tables are made at the first start' : `its tables are there`
  return ok('postgres', `"${user}" can use the schema "${schema}" of the database "${database}": ${tables}`)
}

const capital = (text: string): string => (text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}.`)
