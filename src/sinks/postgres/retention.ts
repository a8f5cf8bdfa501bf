import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { PostgresConnection } from './connection.ts'
import { quoted } from './schema.ts'

/** How often it is looked for what is too old. */
const EVERY: Milliseconds = 3_600_000
/** Rows of one statement, so that nothing that is to be sent waits long for it. */
const ROWS = 10_000

const OLDEST = "now() - $1::double precision * interval '1 millisecond'"
const DELETE = `WITH gone AS (
    DELETE FROM samples WHERE tag_id = $2 AND source_time = ANY (ARRAY(
      SELECT source_time FROM samples WHERE tag_id = $2 AND source_time < ${OLDEST} LIMIT ${ROWS}))
    RETURNING 1)
  SELECT count(*)::integer AS count FROM gone`

export interface RetentionParts {
  readonly gateway: string
  /** Age, by PostgreSQL's own clock, beyond which samples go. */
  readonly retentionMs: Milliseconds
  readonly clock: Pick<Clock, 'monotonic'>
  readonly log: Logger
}

/**
 * Deletes in PostgreSQL what is older than `sinks.postgres.retention`, step by step, while there is nothing to send: the
 * rows of this gateway's tags, or, of a hypertable of TimescaleDB, whole chunks. It outlives sessions, so that what
 * fails costs one of them, and is tried again an hour later.
 */
export class Retention {
  readonly #parts: RetentionParts
  #nextAt: Milliseconds = Number.NEGATIVE_INFINITY
  /** Tags that have something too old; undefined: that is not looked at now. */
  #tags: number[] | undefined
  #deleted = 0

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** How long until there is something to do; 0: now. */
  get pauseMs(): Milliseconds {
    return this.#tags ? 0 : Math.max(0, this.#nextAt - this.#parts.clock.monotonic())
  }

  /** One statement or two. Rejects with what PostgreSQL says, and then has nothing to do for an hour. */
  async step(connection: PostgresConnection): Promise<void> {
    const tags = this.#tags
    // Until it has succeeded, it may be what ends the session.
    this.#tags = undefined
    if (!tags) {
      this.#nextAt = this.#parts.clock.monotonic() + EVERY
      this.#tags = await this.#begin(connection)
      return
    }
    const { retentionMs, log } = this.#parts
    const [tag] = tags
    const [row] = tag === undefined ? [] : await connection.query<{ count: number }>(DELETE, [retentionMs, tag])
    const count = row?.count ?? 0
    this.#deleted += count
    const left = count < ROWS ? tags.slice(1) : tags
    if (left.length > 0) this.#tags = left
    else if (this.#deleted > 0) {
      log.info({ samples: this.#deleted }, 'Samples older than sinks.postgres.retention are deleted in PostgreSQL')
      this.#deleted = 0
    }
  }

  /** Answers the tags that have something to delete row by row. */
  async #begin(connection: PostgresConnection): Promise<number[] | undefined> {
    const { gateway, retentionMs } = this.#parts
    const [timescale] = await connection.query<{ schema: string }>(
      `SELECT nspname AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
       WHERE extname = 'timescaledb' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'samples'::regclass)`,
    )
    if (timescale) {
      const { schema } = timescale
      const drop = `SELECT ${quoted(schema)}.drop_chunks('samples'::regclass, older_than => ${OLDEST})`
      await connection.query(drop, [retentionMs])
      return undefined
    }
    const rows = await connection.query<{ id: number }>(
      `SELECT id FROM tags
       WHERE gateway = $2 AND EXISTS (SELECT FROM samples WHERE tag_id = tags.id AND source_time < ${OLDEST})`,
      [retentionMs, gateway],
    )
    return rows.length > 0 ? rows.map(({ id }) => id) : undefined
  }
}
