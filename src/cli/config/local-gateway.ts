import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../core/errors.ts'
import type { Problem } from '../../core/problem.ts'
import { formatProblem } from '../../core/problem.ts'
import { localTokenFile } from '../../http/local-token.ts'
import { version } from '../../version.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Environment } from '../configuration.ts'
import { DEFAULT_URL, dataFolderOf, localUrlOf } from '../data-folder.ts'

export interface LocalFlags {
  /** The HTTP port of the gateway; absent: that of the configuration, or 8080 where only the data folder is named. */
  readonly url?: string | undefined
  /** The file that names the data folder and the HTTP port. */
  readonly config: string
  readonly data?: string | undefined
}

/** A plant of thousands of devices changes, or it is not known yet whether a command went out. */
const ANSWER_WITHIN_MS = 100_000
const exitCodes: Readonly<Record<number, number>> = {
  400: ExitCode.usage,
  404: ExitCode.unknownNode,
  503: ExitCode.unreachable,
}

interface Refused {
  readonly error?: string
  /** Name of a StatusCode. */
  readonly status?: unknown
  readonly problems?: readonly Problem[]
}

/** A gateway on this machine, asked with the token in its data folder. */
export class LocalGateway {
  readonly #url: URL
  readonly #token: string

  /** Throws ClientFailure where the token cannot be read. */
  constructor({ config, data, ...flags }: LocalFlags, env: Environment) {
    const url = flags.url ?? (data === undefined ? localUrlOf(config, env) : DEFAULT_URL)
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
    return JSON.parse(await (await this.#fetch(method, path, body)).text()) as Answer
  }

  /** As `ask`, for what is no JSON. */
  async download(path: string): Promise<Buffer> {
    return Buffer.from(await (await this.#fetch('GET', path)).arrayBuffer())
  }

  async #fetch(method: string, path: string, body?: object): Promise<Response> {
    let response: Response
    try {
      response = await fetch(new URL(path, this.#url), {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          'Content-Type': 'application/json',
          'User-Agent': `penstock-cli ${version}`,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
    } catch (cause) {
      const message = `No gateway answers at ${this.#url.origin} (${describeError(cause)}): start it, or give the address of its HTTP port with --url`
      throw new ClientFailure(ExitCode.unreachable, message)
    }
    if (response.ok) return response
    const words = wordsOf(await response.text(), response.status)
    throw new ClientFailure(exitCodes[response.status] ?? ExitCode.refused, words)
  }
}

function wordsOf(text: string, httpStatus: number): string {
  try {
    const { error, status, problems = [] } = JSON.parse(text) as Refused
    const words = typeof status === 'string' ? `${status}: ${error}` : error
    if (words !== undefined) return [words, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n')
  } catch {
    // Not from Penstock: the status is all that is known.
  }
  return `It answers ${httpStatus}: is it the HTTP port of Penstock?`
}
