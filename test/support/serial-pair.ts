import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { freePort } from './free-port.ts'

/** socat, until it is stopped. */
class Socat {
  readonly #process: ChildProcess

  constructor(...ends: readonly [string, string]) {
    this.#process = spawn('socat', ends, { stdio: 'ignore' })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill()
    await ended
  }
}

/** Two serial lines that are connected to each other, as by a cable. They bring 8 data bits only, and no baud rate. */
export class SerialPair {
  readonly ours: string
  readonly theirs: string
  readonly #folder: string
  #cable: Socat | undefined

  private constructor(folder: string) {
    this.#folder = folder
    this.ours = join(folder, 'ours')
    this.theirs = join(folder, 'theirs')
  }

  static async start(): Promise<SerialPair> {
    const pair = new SerialPair(await mkdtemp(join(tmpdir(), 'penstock-serial-')))
    await pair.plugIn()
    return pair
  }

  async plugIn(): Promise<void> {
    this.#cable = new Socat(`pty,raw,echo=0,link=${this.ours}`, `pty,raw,echo=0,link=${this.theirs}`)
    await vi.waitFor(() => expect(existsSync(this.ours) && existsSync(this.theirs)).toBe(true), { timeout: 10_000 })
  }

  /** Both lines vanish, as adapters do that are pulled out. */
  async pullOut(): Promise<void> {
    await this.#cable?.stop()
  }

  async stop(): Promise<void> {
    await this.pullOut()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** TLS in front of a TCP server; `options` are socat's for openssl-listen. It may listen a moment later. */
export async function tlsInFrontOf(port: number, ...options: string[]) {
  const own = await freePort()
  const listen = [`openssl-listen:${own}`, 'bind=127.0.0.1', 'reuseaddr', 'fork', ...options].join(',')
  const socat = new Socat(listen, `tcp:127.0.0.1:${port}`)
  return { port: own, stop: () => socat.stop() }
}
