import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** What a program can be told to do; arguments and answers are plain data. */
export type Orders = Readonly<Record<string, (...args: never[]) => unknown>>

interface Answer {
  readonly order: number
  readonly result?: unknown
  readonly error?: string
}

/** In the program: does what its owner tells it, and ends with it. */
export function obeyOrders(orders: Orders): void {
  process.on('message', ([order, name, ...args]: [number, string, ...never[]]) => {
    const answer = (rest: Omit<Answer, 'order'>) => void process.send?.({ order, ...rest })
    Promise.resolve()
      .then(() => orders[name]?.(...args))
      .then(
        (result) => answer({ result }),
        (error: unknown) => answer({ error: String(error) }),
      )
  })
  process.on('disconnect', () => process.exit())
}

/** A program that obeys. */
export class Obedient<O extends Orders> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  #orders = 0

  constructor(module: string, args: readonly string[]) {
    this.#child = fork(module, args, { execArgv: [] })
    this.#child.on('message', (message) => {
      const { order, result, error } = message as Answer
      const waiting = this.#waiting.get(order)
      this.#waiting.delete(order)
      if (error === undefined) waiting?.resolve(result as never)
      else waiting?.reject(new Error(error))
    })
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${module} ended with ${code}`))
      this.#waiting.clear()
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  tell<N extends keyof O & string>(name: N, ...args: Parameters<O[N]>): Promise<Awaited<ReturnType<O[N]>>> {
    const order = this.#orders++
    return new Promise((resolve, reject) => {
      this.#waiting.set(order, { resolve, reject })
      this.#child.send([order, name, ...args])
    })
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }
}
