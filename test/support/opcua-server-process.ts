import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OpcuaSettings } from '../../src/opcua/settings.ts'
import type { ServerCommands } from './opcua-server-process-entry.ts'

const ENTRY = fileURLToPath(new URL('./opcua-server-process-entry.ts', import.meta.url))

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** The gateway's OPC UA server in a process of its own, with a heap of its own, whose end and memory can be seen. */
export class OpcuaServerProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #asked = 0
  #output = ''
  endpointUrl = ''

  private constructor(heapMegabytes: number) {
    this.#child = fork(ENTRY, {
      execArgv: ['--expose-gc', `--max-old-space-size=${heapMegabytes}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    this.#child.on('exit', (code, signal) => {
      for (const [id, settle] of this.#waiting)
        settle({ id, error: `the server ended: ${code ?? signal}\n${this.#output}` })
      this.#waiting.clear()
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.#output = (this.#output + bytes.toString()).slice(-20_000)
      })
    }
  }

  static async start(
    settings: Partial<OpcuaSettings>,
    { tags = 10, heapMegabytes = 256 } = {},
  ): Promise<OpcuaServerProcess> {
    const server = new OpcuaServerProcess(heapMegabytes)
    server.endpointUrl = await server.call('start', settings, tags)
    return server
  }

  get port(): number {
    return Number(new URL(this.endpointUrl.replace('opc.tcp', 'http')).port)
  }

  /** The process runs. */
  get isWell(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The last that it printed. */
  get output(): string {
    return this.#output
  }

  call<C extends keyof ServerCommands>(
    command: C,
    ...parameters: Parameters<ServerCommands[C]>
  ): Promise<Awaited<ReturnType<ServerCommands[C]>>> {
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result as never) : reject(new Error(error)),
      )
      this.#child.send({ id, command, parameters })
    })
  }

  async end(): Promise<void> {
    if (!this.isWell) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
