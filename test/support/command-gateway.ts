import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ShownCommand } from '../../src/cli/orders/shown-command.ts'
import { localTokenFile } from '../../src/http/local-token.ts'
import type { PlantFolder } from './gateway.ts'

const entry = fileURLToPath(new URL('./command-gateway-entry.ts', import.meta.url))

/** A gateway in a process of its own that takes commands over HTTP, to be killed. */
export class CommandGateway {
  readonly url: string
  readonly #token: string
  readonly #child: ChildProcess
  #output = ''

  private constructor(plant: PlantFolder) {
    this.url = `http://127.0.0.1:${plant.httpPort}`
    this.#token = join(plant.folder, 'data', localTokenFile)
    this.#child = fork(entry, [plant.file], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString()
      })
    }
  }

  static async start(plant: PlantFolder): Promise<CommandGateway> {
    const gateway = new CommandGateway(plant)
    const ended = once(gateway.#child, 'exit').then(() => {
      throw new Error(`the gateway ended: ${gateway.#output}`)
    })
    await Promise.race([once(gateway.#child, 'message'), ended])
    ended.catch(() => undefined)
    return gateway
  }

  /** Asks for a write; undefined where that is not answered. */
  async write(device: string, more: object = {}): Promise<ShownCommand | undefined> {
    const body = JSON.stringify({ device, tag: 'setpoint', value: 1, ...more })
    try {
      const response = await this.#ask('/commands', { method: 'POST', body })
      return response.status === 202 ? ((await response.json()) as ShownCommand) : undefined
    } catch {
      return undefined
    }
  }

  async command(id: number): Promise<ShownCommand> {
    return (await (await this.#ask(`/commands/${id}`)).json()) as ShownCommand
  }

  async cancel(id: number): Promise<number> {
    return (await this.#ask(`/commands/${id}`, { method: 'DELETE' })).status
  }

  async unfinished(): Promise<readonly ShownCommand[]> {
    const states = ['queued', 'sending', 'sent', 'transmitted']
    const lists = states.map(async (state) => {
      const response = await this.#ask(`/commands?state=${state}&limit=1000`)
      return ((await response.json()) as { commands: ShownCommand[] }).commands
    })
    return (await Promise.all(lists)).flat()
  }

  #ask(path: string, request: RequestInit = {}): Promise<Response> {
    const Authorization = `Bearer ${readFileSync(this.#token, 'utf8').trim()}`
    return fetch(`${this.url}${path}`, { ...request, headers: { Authorization, 'Content-Type': 'application/json' } })
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
