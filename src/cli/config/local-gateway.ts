import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../core/errors.ts'
import type { Problem } from '../../core/problem.ts'
import { formatProblem } from '../../core/problem.ts'
import { localTokenFile } from '../../http/local-token.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Environment } from '../configuration.ts'
import { dataFolderOf } from '../data-folder.ts'

export interface LocalFlags {
  /** The HTTP port of the gateway. */
  readonly url: string
  /** The file that names the data folder. */
  readonly config: string
  readonly data?: string | undefined
}

const ANSWER_WITHIN_MS = 90_000
const exitCodes: Readonly<Record<number, number>> = { 400: ExitCode.usage, 404: ExitCode.unknownNode }

/** A gateway on this machine, asked with the token in its data folder. */
export class LocalGateway {
  readonly #url: URL
  readonly #token: string

  /** Throws ClientFailure where the token cannot be read. */
  constructor({ url, config, data }: LocalFlags, env: Environment) {
    if (!URL.canParse(url))
      throw new ClientFailure(ExitCode.usage, `--url ${url} is no address such as http://127.0.0.1:8080`)
    this.#url = new URL(url)
    const file = join(data ?? dataFolderOf(config, env), localTokenFile)
    try {
      this.#token = readFileSync(file, 'utf8').trim()
    } catch (cause) {
      const message =
        `${file} cannot be read (${describeError(cause)}): start the gateway, run this as its user, ` +
        'or name its data folder with --data'
      throw new ClientFailure(ExitCode.refused, message)
    }
  }

  /** What it answers; throws ClientFailure with its words where it refuses, or where nothing answers. */
  async ask<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Answer> {
    let response: Response
    try {
      response = await fetch(new URL(path, this.#url), {
        method,
        headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
    } catch (cause) {
      const message = `No gateway answers at ${this.#url.origin} (${describeError(cause)}): start it, or give the address of its HTTP port with --url`
      throw new ClientFailure(ExitCode.unreachable, message)
    }
    const text = await response.text()
    if (response.ok) return JSON.parse(text) as Answer
    throw new ClientFailure(exitCodes[response.status] ?? ExitCode.refused, wordsOf(text, response.status))
  }
}

function wordsOf(text: string, status: number): string {
  try {
    const { error, problems = [] } = JSON.parse(text) as { error?: string; problems?: Problem[] }
    if (error !== undefined) return [error, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n')
  } catch {
    // Not from Penstock: the status is all that is known.
  }
  return `It answers ${status}: is it the HTTP port of Penstock?`
}
