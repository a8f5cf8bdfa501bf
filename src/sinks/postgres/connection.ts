import { isIP, Socket } from 'node:net'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { Client, type QueryResultRow } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'

/** Where to connect to, and as whom. */
export interface PostgresTarget {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
  /** Undefined: not encrypted. */
  readonly tls: PostgresTls | undefined
  /** How long connecting, or one transaction, may take. */
  readonly timeoutMs: Milliseconds
}

export interface PostgresTls {
  /** Authorities that are trusted, as PEM. */
  readonly ca: readonly string[]
  readonly client: { readonly certificate: string; readonly key: string } | undefined
  /** The name that the server's certificate must have, where it is not the host. */
  readonly serverName: string | undefined
}

const KEEP_ALIVE: Milliseconds = 10_000

/**
 * One session with PostgreSQL, which is asked one thing at a time. Whatever fails ends it, and what was not committed is
 * undone by the server: there is no way on with half a transaction. Nothing waits for longer than the target's timeout.
 */
export class PostgresConnection {
  readonly #client: Client
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #timeoutMs: Milliseconds
  readonly #broken: Promise<never>
  readonly #onBroken = new Set<() => void>()
  #break: (reason: unknown) => void = () => undefined
  #isBroken = false

  private constructor(target: PostgresTarget, clock: Clock) {
    this.#socket = new Socket()
    this.#clock = clock
    this.#timeoutMs = target.timeoutMs
    this.#broken = new Promise((_, reject) => {
      this.#break = reject
    })
    this.#broken.catch(() => {
      this.#isBroken = true
      for (const each of this.#onBroken) each()
    })
    const { host, port, database, user, password, tls } = target
    this.#client = new Client({
      host,
      port,
      database,
      user,
      password,
      ssl: tls ? tlsOptions(host, tls) : false,
      stream: () => this.#socket,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE,
      application_name: 'penstock',
      client_encoding: 'UTF8',
      options: Object.entries(sessionSettings(target.timeoutMs))
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    })
    this.#client.on('error', (error) => this.#break(error))
    this.#client.on('end', () => this.#break(new PenstockError('CONNECTION_LOST', 'PostgreSQL has ended the session')))
  }

  /** Connects and logs in; rejects with what the system, TLS or PostgreSQL says, or with TIMEOUT. */
  static async open(target: PostgresTarget, clock: Clock): Promise<PostgresConnection> {
    const connection = new PostgresConnection(target, clock)
    await connection.#within(connection.#client.connect(), 'the login')
    return connection
  }

  async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#within(this.#client.query<Row>(text, [...values]), 'a statement')
    return rows
  }

  /** Sends rows in the text format of COPY, to the table that the statement `COPY … FROM STDIN` names. */
  async copy(text: string, rows: string): Promise<void> {
    const stream = this.#client.query(copyFrom(text))
    const done = new Promise<void>((resolve, reject) => {
      // It may fail again, when the session ends.
      stream.on('error', reject)
      stream.once('finish', resolve)
    })
    stream.end(rows)
    await this.#within(done, 'COPY')
  }

  /** All of it or nothing. Whatever fails in it ends the session. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      await this.query('BEGIN')
      const result = await work()
      await this.query('COMMIT')
      return result
    } catch (error) {
      this.#end()
      throw error
    }
  }

  /** Calls this once when the session has ended, at once where it has; answers how to not be called. */
  onBroken(action: () => void): () => void {
    if (this.#isBroken) action()
    else this.#onBroken.add(action)
    return () => this.#onBroken.delete(action)
  }

  /** Throws what ended the session, if it has. */
  async check(): Promise<void> {
    if (this.#isBroken) await this.#broken
  }

  /** Says goodbye; safe to repeat. */
  close(): void {
    if (this.#isBroken) return
    this.#onBroken.clear()
    this.#client.end(() => this.#end())
    this.#clock.after(FAREWELL, () => this.#end())
  }

  #end(): void {
    this.#socket.destroy()
    this.#break(new PenstockError('STOPPED', 'The session with PostgreSQL has ended'))
  }

  async #within<Result>(work: Promise<Result>, what: string): Promise<Result> {
    const stop = this.#clock.after(this.#timeoutMs, () => {
      this.#break(new PenstockError('TIMEOUT', `PostgreSQL has not finished ${what} within ${this.#timeoutMs} ms`))
      this.#socket.destroy()
    })
    try {
      return await Promise.race([work, this.#broken])
    } catch (error) {
      // The loser of the race may fail later, and is heard of no more.
      work.catch(() => undefined)
      this.#socket.destroy()
      throw error
    } finally {
      stop()
    }
  }
}

const sessionSettings = (timeoutMs: Milliseconds) => ({
  // What is confirmed leaves the outbox: it has to be on disk, whatever the server does for others.
  synchronous_commit: 'on',
  // A statement that nobody waits for any more must not go on, nor keep its locks.
  statement_timeout: timeoutMs,
  idle_in_transaction_session_timeout: timeoutMs,
  client_min_messages: 'warning',
})

/** How long a farewell may take. */
const FAREWELL: Milliseconds = 200

function tlsOptions(host: string, { ca, client, serverName }: PostgresTls): ConnectionOptions {
  const name = serverName ?? host
  return {
    ca: [...ca],
    ...(client ? { cert: client.certificate, key: client.key } : {}),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_asked, certificate) => checkServerIdentity(name, certificate),
    minVersion: 'TLSv1.2',
  }
}
