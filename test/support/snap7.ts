import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

export type Snap7Area = 'DB' | 'M' | 'I' | 'Q' | 'T' | 'C'

/** What the server's process is told: to start on a port, to download a data block or area, to change its content. */
export interface Snap7Order {
  readonly kind: 'start' | 'download' | 'change'
  /** Data blocks unless said. */
  readonly area?: Snap7Area
  readonly number: number
  readonly content?: Uint8Array
}
export type Snap7Answer = 'done' | { readonly failed: string }

/**
 * A CPU that we did not write: the server of Snap7, a native library that behaves like an S7-300. It grants the PDU
 * that is asked for, and answers 20 items a request.
 */
export class Snap7Plc {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#process = child
  }

  /** Starts it, on a free port unless one is given, with these data blocks and areas; timers and counters two bytes each. */
  static async start(
    blocks: ReadonlyMap<number, Buffer>,
    areas: Readonly<Partial<Record<Exclude<Snap7Area, 'DB'>, Buffer>>> = {},
    given?: number,
  ): Promise<Snap7Plc> {
    const program = fileURLToPath(new URL('./snap7-process.ts', import.meta.url))
    const port = given ?? (await freePort())
    const child = fork(program, {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const plc = new Snap7Plc(port, child)
    await answerOf(child).catch((cause: unknown) => {
      throw new Error(
        'Without Snap7 nothing proves that we read CPUs we did not write ourselves. Build it against the Node that ' +
          'runs the tests: node test/support/prepare-peers.ts (needs python3, make, g++)',
        { cause },
      )
    })
    for (const [number, content] of blocks) await plc.download(number, content)
    for (const [area, content] of Object.entries(areas)) {
      await plc.#order({ kind: 'download', area: area as Snap7Area, number: 0, content })
    }
    await plc.#order({ kind: 'start', number: plc.port })
    return plc
  }

  /** Gives the CPU a data block that it does not have. */
  download(db: number, content: Buffer): Promise<void> {
    return this.#order({ kind: 'download', number: db, content })
  }

  /** Replaces a data block's content by another of the same length. */
  change(db: number, content: Buffer): Promise<void> {
    return this.#order({ kind: 'change', number: db, content })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  #order(order: Snap7Order): Promise<void> {
    this.#process.send(order)
    return answerOf(this.#process)
  }
}

/** Rejects when the process refuses, or dies. */
async function answerOf(child: ChildProcess): Promise<void> {
  const death = new AbortController()
  const died = () => death.abort(new Error('The process of Snap7 died'))
  child.once('exit', died)
  try {
    const [answer] = (await once(child, 'message', { signal: death.signal })) as [Snap7Answer]
    if (answer !== 'done') throw new Error(answer.failed)
  } finally {
    child.off('exit', died)
  }
}
