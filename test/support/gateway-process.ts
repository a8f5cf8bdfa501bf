import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EngineHealth } from '../../src/link/contract.ts'
import type { PlantFolder } from './gateway.ts'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** `penstock run` as a process of its own, to be killed. */
export class GatewayProcess {
  readonly #child: ChildProcess
  readonly #plant: PlantFolder
  #output = ''

  /** Killed again and again it goes on as it is, unless its `flags` say otherwise. */
  constructor(plant: PlantFolder, flags: readonly string[] = ['--no-safe-mode']) {
    this.#plant = plant
    this.#child = spawn(process.execPath, [cli, 'run', '--config', plant.file, ...flags], {
      env: { ...process.env, ...plant.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString()
      })
    }
  }

  /** What it printed. */
  get output(): string {
    return this.#output
  }

  /** What it says of its engine over HTTP; rejects while it does not answer. */
  async engine(): Promise<EngineHealth> {
    const response = await fetch(`http://127.0.0.1:${this.#plant.httpPort}/`)
    const { engine } = (await response.json()) as { engine: EngineHealth | null }
    if (!engine) throw new Error('the engine does not answer')
    return engine
  }

  /** Ends it with `signal`, if it still runs, and waits until it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exit
  }
}
