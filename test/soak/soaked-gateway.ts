import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GatewayHealth } from '../../src/http/gateway-health.ts'
import type { PlantFolder } from '../support/gateway.ts'
import type { Misbehaviour } from '../support/misbehave.ts'

export interface Ordered {
  readonly room: 'engine' | 'opcua'
  readonly what: Misbehaviour
}

/** What the process has: memory in bytes, open file descriptors, and what keeps its main event loop alive. */
export interface ProcessFigures {
  readonly rss: number
  readonly heapUsed: number
  readonly descriptors: number
  readonly handles: number
}

/** What it says of itself, with how full the heaps of its rooms are, from 0 to 1. */
export type SoakedHealth = GatewayHealth & {
  readonly rooms: Readonly<Record<'engine' | 'opcua', { readonly heapShare: number }>>
}

const entry = fileURLToPath(new URL('gateway-entry.ts', import.meta.url))
const root = new URL('../../', import.meta.url)
const ANSWERS_WITHIN_MS = 30_000

/** The gateway in a process of its own, whose rooms can be made to die and whose insides can be asked. */
export class SoakedGateway {
  readonly #child: ChildProcess
  readonly #url: string
  #output = ''

  private constructor(plant: PlantFolder, program: 'dist' | 'src') {
    this.#url = `http://127.0.0.1:${plant.httpPort}/`
    this.#child = fork(entry, [plant.file], {
      env: { ...process.env, ...plant.env, SOAK_PROGRAM: new URL(`${program}/`, root).href },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-100_000)
      })
    }
  }

  static async start(plant: PlantFolder, program: 'dist' | 'src'): Promise<SoakedGateway> {
    const gateway = new SoakedGateway(plant, program)
    await gateway.#message()
    return gateway
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it logged last. */
  get output(): string {
    return this.#output
  }

  /** Why its rooms were started again, each time. */
  get restartCauses(): string[] {
    return [...this.#output.matchAll(/"room":"(\w+)","cause":"([^"]*)","restarts"/g)].map(
      ([, room = '', cause = '']) => `${room}: ${cause.replace(/thread \d+/, 'a thread')}`,
    )
  }

  order(ordered: Ordered): void {
    this.#child.send(ordered)
  }

  async figures(): Promise<ProcessFigures> {
    const answer = this.#message()
    this.#child.send('figures')
    return (await answer) as ProcessFigures
  }

  async health(): Promise<SoakedHealth> {
    const response = await fetch(this.#url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    return (await response.json()) as SoakedHealth
  }

  /** Ends it in order; answers its exit code, null where it had to be killed. */
  async end(): Promise<number | null> {
    if (this.isAlive) {
      const exit = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      const late = setTimeout(() => this.#child.kill('SIGKILL'), ANSWERS_WITHIN_MS)
      await exit
      clearTimeout(late)
    }
    return this.#child.exitCode
  }

  async #message(): Promise<unknown> {
    const ended = new AbortController()
    const exit = once(this.#child, 'exit', ended).then(() => {
      throw new Error(`The gateway ended (${this.#child.exitCode ?? this.#child.signalCode}): ${this.#output}`)
    })
    const message = once(this.#child, 'message', ended).then(([content]: unknown[]) => content)
    try {
      return await Promise.race([message, exit])
    } finally {
      ended.abort()
      message.catch(() => undefined)
      exit.catch(() => undefined)
    }
  }
}
