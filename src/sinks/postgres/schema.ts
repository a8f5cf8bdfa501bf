import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PenstockError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { PostgresConnection } from './connection.ts'

/** The tables that a schema of the newest version has. */
const TABLES = ['tags', 'samples', 'received', 'readings']
/** Of the lock that one of several gateways holds while it makes tables. */
const LOCK = 7_361_735

/** What a table of the newest version takes for granted of the database. */
export interface SchemaState {
  readonly encoding: string
  /** The schema is there. */
  readonly exists: boolean
  /** Of the tables; 0: there are none yet. */
  readonly version: number
}

/** An identifier as SQL has it, whatever is in it. */
export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** What is there; nothing is changed. */
export async function schemaState(connection: PostgresConnection, schema: string): Promise<SchemaState> {
  const [found] = await connection.query<{ encoding: string; exists: boolean; table: string | null }>(
    `SELECT pg_encoding_to_char(encoding) AS encoding, to_regnamespace($1) IS NOT NULL AS exists,
       to_regclass($1 || '.schema_version')::text AS table
     FROM pg_database WHERE datname = current_database()`,
    [quoted(schema)],
  )
  const { encoding = '', exists = false, table = null } = found ?? {}
  if (table === null) return { encoding, exists, version: 0 }
  const [row] = await connection.query<{ version: number | null }>(
    `SELECT max(version) AS version FROM ${quoted(schema)}.schema_version`,
  )
  return { encoding, exists, version: row?.version ?? 0 }
}

/** The files `NNNN_what.sql` of the folder, in order. */
const migrationsIn = (folder: string) =>
  readdirSync(folder)
    .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), file: join(folder, file) }))

/** Throws what keeps a database from being used: its encoding, or tables of a newer program. */
export function refuseUnfit({ encoding, version }: SchemaState, schema: string, folder: string): void {
  if (encoding !== 'UTF8') {
    const message = `The database has the encoding ${encoding}, which has no room for every text: make one with ENCODING 'UTF8'`
    throw new PenstockError('REQUEST_REFUSED', message)
  }
  const newest = migrationsIn(folder).at(-1)?.version ?? 0
  if (version > newest) {
    const message = `The tables in the schema "${schema}" are of version ${version}, this program knows up to ${newest}: start the newer program again, or name another schema`
    throw new PenstockError('SCHEMA_TOO_NEW', message)
  }
}

/**
 * Makes the tables, or brings them to the newest version, each step in a transaction of its own; and makes a hypertable
 * of the samples where TimescaleDB is installed. Everything later in the session finds them without the schema's name.
 * Rejects with REQUEST_REFUSED where a table is gone that was there, with SCHEMA_TOO_NEW, and with what PostgreSQL says.
 */
export async function prepareSchema(
  connection: PostgresConnection,
  { schema, folder, log }: { schema: string; folder: string; log: Logger },
): Promise<void> {
  const state = await schemaState(connection, schema)
  refuseUnfit(state, schema, folder)
  if (!state.exists) await connection.query(`CREATE SCHEMA ${quoted(schema)}`)
  await connection.query(`SET search_path TO ${quoted(schema)}`)
  const all = migrationsIn(folder)
  if (state.version < (all.at(-1)?.version ?? 0)) {
    await connection.transaction(async () => {
      await connection.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
      // Another gateway may have been first.
      const { version } = await schemaState(connection, schema)
      await connection.query('CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY)')
      for (const migration of all.filter((each) => each.version > version)) {
        await connection.query(readFileSync(migration.file, 'utf8'))
        await connection.query('INSERT INTO schema_version (version) VALUES ($1)', [migration.version])
      }
      if (version === 0) await makeHypertable(connection, log)
    })
    log.info({ schema, from: state.version, to: all.at(-1)?.version }, 'the tables of PostgreSQL are made')
  }
  const missing = await missingTables(connection, schema)
  if (missing.length === 0) return
  const message =
    `In the schema "${schema}" there is no ${missing.join(', no ')} any more: restore the schema from a backup of the ` +
    `database; to begin anew without what was sent, DROP SCHEMA ${quoted(schema)} CASCADE`
  throw new PenstockError('REQUEST_REFUSED', message)
}

async function missingTables(connection: PostgresConnection, schema: string): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(
    "SELECT name FROM unnest($2::text[]) AS name WHERE to_regclass($1 || '.' || name) IS NULL",
    [quoted(schema), TABLES],
  )
  return rows.map(({ name }) => name)
}

/** Without the extension, or without the right to use it, the samples stay in a plain table, which does as well. */
async function makeHypertable(connection: PostgresConnection, log: Logger): Promise<void> {
  const [extension] = await connection.query<{ schema: string }>(
    `SELECT nspname AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
     WHERE extname = 'timescaledb'`,
  )
  if (!extension) return
  await connection.query(
    `SELECT ${quoted(extension.schema)}.create_hypertable('samples'::regclass, 'source_time'::name,
       chunk_time_interval => interval '7 days', if_not_exists => true)`,
  )
  log.info({}, 'the samples in PostgreSQL are a hypertable of TimescaleDB')
}
