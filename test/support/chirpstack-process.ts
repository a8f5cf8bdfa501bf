import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import internalPb from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { QueueItem } from '../../src/demo/chirpstack/downlink-queue.ts'
import type { Answer, Commands, KeptEvent, Told } from './chirpstack-process-entry.ts'
import type { ChirpStackSite } from './chirpstack-site.ts'

const ENTRY = fileURLToPath(new URL('./chirpstack-process-entry.ts', import.meta.url))
/** More than a restarted server is ever asked to keep of a device. */
const MOST_EVENTS = 2_000

type Command = Exclude<keyof Commands, 'listen'>

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/**
 * A simulated ChirpStack in a process of its own, which can really be killed and frozen; what its clients see then is
 * what they see of ChirpStack. Its PostgreSQL and Redis are here: configuration, event logs, frame counters and queues
 * outlive the process, metrics do not.
 */
export class ChirpStackProcess {
  readonly #site: ChirpStackSite
  readonly #events = new Map<string, KeptEvent[]>()
  readonly #counters = new Map<string, { fCnt: number; fCntDown: number }>()
  readonly #queues = new Map<string, readonly QueueItem[]>()
  readonly #waiting = new Map<number, Waiting>()
  #child: ChildProcess | undefined
  #orders = 0
  port = 0

  private constructor(site: ChirpStackSite) {
    this.#site = site
  }

  static async start(site: ChirpStackSite): Promise<ChirpStackProcess> {
    const chirpStack = new ChirpStackProcess(site)
    await chirpStack.#run()
    return chirpStack
  }

  /** Does something in the process, and answers what came of it; rejects when it fails or the process ends. */
  call<C extends Command>(command: C, ...args: Parameters<Commands[C]>): Promise<Awaited<ReturnType<Commands[C]>>> {
    return this.#order(command, args)
  }

  /** Ends the process at once: its sockets are reset or closed by the kernel, and its port refuses. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Starts it again on the same port, after `kill`, or kills it first. `wiped`: Redis lost its event logs. */
  async restart(redis: 'kept' | 'wiped' = 'kept'): Promise<void> {
    await this.kill()
    if (redis === 'wiped') this.#events.clear()
    await this.#run()
  }

  /** Stops the process where it is: the kernel keeps its connections and accepts new ones, and nothing answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Safe at any time. */
  async close(): Promise<void> {
    await this.kill()
  }

  async #run(): Promise<void> {
    const child = fork(ENTRY, [], { serialization: 'advanced', execArgv: [] })
    this.#child = child
    child.on('message', (message) => this.#hear(message as Told | Answer))
    child.on('exit', (code, signal) => {
      const error = new Error(`The ChirpStack process ended (${signal ?? code})`)
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    const memory = { events: this.#events, counters: this.#counters, queues: this.#queues }
    this.port = await this.#order('listen', [this.#site, memory, this.port])
  }

  #order<Result>(command: keyof Commands, args: readonly unknown[]): Promise<Result> {
    const child = this.#child
    if (!child) return Promise.reject(new Error('The ChirpStack process was killed'))
    const order = this.#orders++
    return new Promise((resolve, reject) => {
      this.#waiting.set(order, { resolve, reject })
      child.send([order, command, ...args])
    })
  }

  #hear(message: Told | Answer): void {
    if ('told' in message) {
      if (message.told === 'queue') this.#queues.set(message.devEui, message.items)
      else this.#remember(message.devEui, message.event)
      return
    }
    const waiting = this.#waiting.get(message.order)
    this.#waiting.delete(message.order)
    if (message.error === undefined) waiting?.resolve(message.result as never)
    else waiting?.reject(new Error(message.error))
  }

  #remember(devEui: string, event: KeptEvent): void {
    const events = this.#events.get(devEui) ?? []
    this.#events.set(devEui, events)
    events.push(event)
    if (events.length > 2 * MOST_EVENTS) events.splice(0, MOST_EVENTS)
    const item = internalPb.LogItem.deserializeBinary(event.item)
    const counters = this.#counters.get(devEui) ?? { fCnt: 0, fCntDown: 0 }
    this.#counters.set(devEui, counters)
    const kind = item.getDescription()
    if (kind === 'up') counters.fCnt = Number(item.getPropertiesMap().get('FCnt') ?? 0) + 1
    if (kind === 'txack') counters.fCntDown = (JSON.parse(item.getBody()) as { fCntDown: number }).fCntDown + 1
    if (kind === 'join') Object.assign(counters, { fCnt: 0, fCntDown: 0 })
  }
}
