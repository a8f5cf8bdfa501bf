import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type QueryResultRow } from 'pg'
import { freePort } from './free-port.ts'

export const SUPERUSER = 'postgres'
export const SUPERUSER_PASSWORD = 'the password of the superuser'

const root = '/usr/lib/postgresql'

/** Where Debian puts the newest PostgreSQL that is installed. */
function programs(): string {
  const versions = existsSync(root) ? readdirSync(root).sort((one, other) => Number(other) - Number(one)) : []
  const found = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
  if (found) return found
  throw new Error(`There is no PostgreSQL in ${root}: apt-get install postgresql`)
}

interface OtherUser {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root. */
function otherUser(): OtherUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (option: string) => Number(execFileSync('id', [option, SUPERUSER], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** A PostgreSQL server of its own, with nothing in it, that forgets nothing when it is killed. */
export class PostgresCluster {
  readonly port: number
  readonly #bin: string
  readonly #folder: string
  readonly #user: OtherUser | undefined
  #server: ChildProcess | undefined

  private constructor(parts: { port: number; bin: string; folder: string; user: OtherUser | undefined }) {
    this.port = parts.port
    this.#bin = parts.bin
    this.#folder = parts.folder
    this.#user = parts.user
  }

  /** `identity`: also takes encrypted connections, and proves itself by this. */
  static async begin(identity?: { readonly cert: string; readonly key: string }): Promise<PostgresCluster> {
    const bin = programs()
    const user = otherUser()
    const folder = mkdtempSync(join(tmpdir(), 'penstock-postgres-'))
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, `${SUPERUSER_PASSWORD}\n`)
    if (user) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid)
    const options = ['--no-sync', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions']
    const asked = ['-D', join(folder, 'data'), '-U', SUPERUSER, `--pwfile=${passwordFile}`, ...options]
    execFileSync(join(bin, 'initdb'), asked, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    if (identity) {
      for (const [name, content] of [
        ['server.crt', identity.cert],
        ['server.key', identity.key],
      ] as const) {
        const path = join(folder, 'data', name)
        writeFileSync(path, content, { mode: 0o600 })
        if (user) chownSync(path, user.uid, user.gid)
      }
      appendFileSync(join(folder, 'data', 'postgresql.conf'), 'ssl = on\n')
    }
    const cluster = new PostgresCluster({ port: await freePort(), bin, folder, user })
    await cluster.start()
    return cluster
  }

  /** Resolves once it answers; after a kill its old processes may have to go first. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'shared_buffers=16MB']
      const options = [...settings, 'max_connections=20', 'log_min_messages=fatal'].flatMap((each) => ['-c', each])
      this.#server = spawn(
        join(this.#bin, 'postgres'),
        ['-D', join(this.#folder, 'data'), '-p', `${this.port}`, ...options],
        {
          ...this.#user,
          cwd: this.#folder,
          stdio: 'ignore',
        },
      )
      if (await this.#answers()) return
      if (attempt === 100) throw new Error('PostgreSQL does not start')
    }
  }

  /** Ends it as a power cut would: no process of it says goodbye. */
  async kill(): Promise<void> {
    const server = this.#server
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const exit = once(server, 'exit')
    server.kill('SIGKILL')
    await exit
  }

  async end(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }

  /** As the superuser. */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    database = 'postgres',
  ): Promise<Row[]> {
    const client = new Client({
      host: '127.0.0.1',
      port: this.port,
      user: SUPERUSER,
      password: SUPERUSER_PASSWORD,
      database,
      ssl: false,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query<Row>(text, [...values])).rows
    } finally {
      await client.end()
    }
  }

  /** A database, and a user who may do nothing but make a schema of its own in it. */
  async makeDatabase(name: string, { user, password }: { user: string; password: string }): Promise<void> {
    await this.query(`CREATE DATABASE ${name}`)
    await this.query(
      `DO $$ BEGIN CREATE ROLE ${user} LOGIN PASSWORD '${password}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    )
    await this.query(`GRANT CREATE ON DATABASE ${name} TO ${user}`)
  }

  async #answers(): Promise<boolean> {
    while (this.#server?.exitCode === null && this.#server.signalCode === null) {
      try {
        await this.query('SELECT 1')
        return true
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    return false
  }
}
