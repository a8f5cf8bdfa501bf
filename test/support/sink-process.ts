import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PostgresConfig } from '../../src/core/sink.ts'

const entry = fileURLToPath(new URL('./sink-process-entry.ts', import.meta.url))

export interface SinkProcessPlan {
  readonly folder: string
  readonly settings: PostgresConfig
  /** Of the pseudo-random samples. */
  readonly seed: number
}

/** What records and sends without a pause, as a process of its own, to be killed. */
export class SinkProcess {
  readonly #child: ChildProcess
  #sent = 0

  constructor(plan: SinkProcessPlan) {
    this.#child = spawn(process.execPath, [entry, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#sent = Number(chunk.toString().trim().split('\n').at(-1))
    })
  }

  /** Samples that it knows to be in PostgreSQL. */
  get sent(): number {
    return this.#sent
  }

  async kill(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
