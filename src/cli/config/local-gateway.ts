import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../core/errors.ts'
import type { Problem } from '../../core/problem.ts'
import { formatProblem } from '../../core/problem.ts'
import { localTokenFile } from '../../http/local-token.ts'
import { version } from '../../version.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Environment } from '../configuration.ts'
import { dataFolderOf } from '../data-folder.ts'
import { type GatewayAddress, type GatewayFlags, gatewayAddress } from '../gateway/address.ts'
import { type Answered, requestGateway } from '../gateway/request.ts'

export type LocalFlags = GatewayFlags

/** A plant of thousands of devices changes, or it is not known yet whether a command went out. */
const ANSWER_WITHIN_MS = 100_000
const exitCodes: Readonly<Record<number, number>> = {
  400: ExitCode.usage,
  404: ExitCode.unknownNode,
  503: ExitCode.unreachable,
}

interface Refused {
  readonly error?: string
  /** Of a problem (RFC 9457). */
  readonly detail?: string
  /** Name of a StatusCode. */
  readonly status?: unknown
  readonly problems?: readonly Problem[]
}

/** A gateway on this machine, asked with the token in its data folder. */
export class LocalGateway {
  readonly #gateway: GatewayAddress
  readonly #token: string

  /** Throws ClientFailure where the token cannot be read. */
  constructor(flags: LocalFlags, env: Environment) {
    const { config, data } = flags
    this.#gateway = gatewayAddress(flags, env)
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
    return JSON.parse((await this.#ask(method, path, body)).body.toString('utf8')) as Answer
  }

  /** As `ask`, for what is no JSON. */
  async download(path: string): Promise<Buffer> {
    return (await this.#ask('GET', path)).body
  }

  async #ask(method: string, path: string, body?: object): Promise<Answered> {
    const headers = { Authorization: `Bearer ${this.#token}`, 'User-Agent': `penstock-cli ${version}` }
    const answered = await requestGateway(this.#gateway, { method, path, headers, body, withinMs: ANSWER_WITHIN_MS })
    if (answered.ok) return answered
    const words = wordsOf(answered.body.toString('utf8'), answered.status)
    throw new ClientFailure(exitCodes[answered.status] ?? ExitCode.refused, words)
  }
}

function wordsOf(text: string, httpStatus: number): string {
  try {
    const { error, detail, status, problems = [] } = JSON.parse(text) as Refused
    const words = typeof status === 'string' ? `${status}: ${error}` : (error ?? detail)
    if (words !== undefined) return [words, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n')
  } catch {
    // Not from Penstock: the status is all that is known.
  }
  return `It answers ${httpStatus}: is it the HTTP port of Penstock?`
}
