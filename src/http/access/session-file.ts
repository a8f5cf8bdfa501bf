import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'

/** A session as it is kept: of its token only what does not lead back to it. */
export interface KeptSession {
  /** SHA-256 of the token. */
  readonly digest: string
  readonly user: string
  /** Of the user when it began; the session ends when the user has another one. */
  readonly stamp: string
  /** Milliseconds of the epoch. */
  readonly begunAt: number
  readonly seenAt: number
  /** Where it was begun, and what the browser called itself then; absent in files of before. */
  readonly address?: string | undefined
  readonly client?: string | undefined
}

const content = z.object({
  salt: z.string().min(22),
  sessions: z.array(
    z.object({
      digest: z.string(),
      user: z.string(),
      stamp: z.string(),
      begunAt: z.number(),
      seenAt: z.number(),
      address: z.string().optional(),
      client: z.string().optional(),
    }),
  ),
})

/** Keeps the sessions of people over a restart, in a file that only the gateway's user can read. */
export class SessionFile {
  readonly #path: string
  readonly #log: Logger
  readonly salt: Buffer
  /** As they were when the file was opened. */
  readonly sessions: readonly KeptSession[]

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
    const found = this.#read()
    this.salt = found ? Buffer.from(found.salt, 'base64url') : randomBytes(16)
    this.sessions = found?.sessions ?? []
  }

  write(sessions: readonly KeptSession[]): void {
    const fresh = `${this.#path}.new`
    try {
      const text = JSON.stringify({ salt: this.salt.toString('base64url'), sessions })
      writeFileSync(fresh, text, { mode: 0o600 })
      chmodSync(fresh, 0o600)
      renameSync(fresh, this.#path)
    } catch (error) {
      const message = 'The sessions of the web cannot be kept: after a restart everybody has to log in again'
      this.#log.warn({ file: this.#path, cause: describeError(error) }, message)
    }
  }

  #read(): z.output<typeof content> | undefined {
    let text: string
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      this.#log.warn({ file: this.#path, cause: describeError(error) }, 'The sessions of the web cannot be read')
      return undefined
    }
    const parsed = content.safeParse(jsonOf(text))
    if (!parsed.success)
      this.#log.warn({ file: this.#path }, 'The sessions of the web are not readable and are given up')
    return parsed.data
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
