import { MessageChannel, Worker } from 'node:worker_threads'
import { Backoff } from '../core/backoff.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import type { FromRoom, ToRoom } from '../link/contract.ts'
import { Link } from '../link/link.ts'

/** A room that has not said `ready` by then is started again. */
const START_WITHIN: Milliseconds = 60_000
/** Silent for this long beyond the link's own limit: its event loop hangs. */
const HUNG_AFTER: Milliseconds = 5_000
const LOOK_AT_HEAP_EVERY: Milliseconds = 1_000
/** Above this share of its heap a room is ended and started again, before V8 ends the whole process. */
const HEAP_FULL = 0.85
const HEALTHY_AFTER: Milliseconds = 60_000
/** Deaths in a row, none healthy between, after which its owner is told that starting it again is not enough. */
const UNSTABLE_AFTER = 5
/** Samples die young; V8's default would let each room keep three times as much of what is dead (`10k-memory`). */
const YOUNG_HEAP_MB = 32

export type RoomState = 'starting' | 'running' | 'backoff' | 'stopped'

export interface RoomHealth {
  readonly state: RoomState
  readonly restarts: number
  /** Why it was last started again; empty if never. */
  readonly lastRestart: string
  /** How often it ended since it last ran well for a minute. */
  readonly failures: number
  /** Its event loop does not turn. */
  readonly silent: boolean
  /** How full its heap was when it was looked at last, from 0 to 1. */
  readonly heapShare: number
}

export interface RoomOptions {
  readonly name: string
  /** The module that the room's thread runs. */
  readonly entry: URL
  /** What the thread gets as `workerData`, beside `port`, its end of the link to here. */
  readonly data: Record<string, unknown>
  readonly maxHeapMb: number
  readonly clock: Clock
  readonly log: Logger
  readonly random: () => number
  readonly tracing?: Tracing | undefined
  /** Runs before each new thread is made. */
  readonly prepare?: () => Promise<unknown>
  /** A new thread is there, with a link of its own. */
  readonly onNewThread: () => void
  /** It ended several times in a row, the last time because of this; it is started again all the same. */
  readonly onUnstable?: (cause: string) => void
}

interface Thread {
  readonly worker: Worker
  readonly link: Link<ToRoom, FromRoom>
  readonly ended: Promise<void>
  cause: string
  hasBeenReady: boolean
  readonly timers: Set<() => void>
  /** While it is silent. */
  cancelHung?: () => void
}

/**
 * A worker thread that is started again, with backoff, whenever it dies, hangs or outgrows its heap, without touching
 * the other rooms. Asks beyond `ToRoom` are its owner's to type (`gateway.ts`).
 */
export class Room {
  readonly #options: RoomOptions
  readonly #backoff: Backoff
  #data: Readonly<Record<string, unknown>>
  #thread: Thread | undefined
  #cancelRestart: (() => void) | undefined
  #state: RoomState = 'stopped'
  #restarts = 0
  #lastRestart = ''
  #failures = 0
  #heapShare = 0
  #stopping = false
  readonly #firstReady = Promise.withResolvers<void>()

  constructor(options: RoomOptions) {
    this.#options = options
    this.#data = options.data
    this.#backoff = new Backoff({ first: 100, most: 10_000 }, options.random)
  }

  /** The link to the present thread; undefined between two. */
  get link(): Link<ToRoom, FromRoom> | undefined {
    return this.#thread?.link
  }

  /** Resolves when a thread of this room has said `ready` for the first time. */
  get running(): Promise<void> {
    return this.#firstReady.promise
  }

  health(): RoomHealth {
    return {
      state: this.#state,
      restarts: this.#restarts,
      lastRestart: this.#lastRestart,
      failures: this.#failures,
      silent: this.#thread?.cancelHung !== undefined,
      heapShare: this.#thread ? this.#heapShare : 0,
    }
  }

  /** What is different in the data of the next thread. */
  renewData(data: Readonly<Record<string, unknown>>): void {
    this.#data = { ...this.#data, ...data }
  }

  start(): void {
    this.#stopping = false
    void this.#spawn()
  }

  /** Asks the room to end in order, and ends it anyway when that takes longer than `within`; answers which it was. */
  async stop(within: Milliseconds): Promise<boolean> {
    this.#stopping = true
    this.#cancelRestart?.()
    this.#state = 'stopped'
    const thread = this.#thread
    if (!thread) return true
    let inOrder = true
    try {
      await thread.link.ask('stop', null, within)
    } catch (error) {
      inOrder = false
      this.#options.log.warn({ error: describeError(error) }, 'room did not end in order and is ended now')
    }
    await thread.worker.terminate()
    await thread.ended
    return inOrder
  }

  async #spawn(): Promise<void> {
    this.#state = 'starting'
    try {
      await this.#options.prepare?.()
    } catch (error) {
      this.#restartLater(`it could not be prepared: ${describeError(error)}`)
      return
    }
    if (!this.#stopping) this.#startThread()
  }

  #startThread(): void {
    const { name, entry, maxHeapMb, clock, log, tracing } = this.#options
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(entry, {
      name,
      workerData: { ...this.#data, port: port2 },
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    })
    const link = new Link<ToRoom, FromRoom>({
      port: port1,
      clock,
      serves: {},
      hears: { ready: () => this.#ready(thread) },
      onSilence: (silent) => this.#silence(thread, silent),
      ...(tracing ? { tracing } : {}),
    })
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const thread: Thread = { worker, link, ended, cause: '', hasBeenReady: false, timers: new Set() }
    this.#thread = thread
    worker.on('error', (error) => {
      thread.cause ||= describeError(error)
      log.error(
        { room: name, error: describeError(error), stack: error instanceof Error ? error.stack : undefined },
        'room failed',
      )
    })
    worker.on('exit', (code) => {
      end()
      this.#exited(thread, code)
    })
    thread.timers.add(
      clock.after(START_WITHIN, () => {
        if (!thread.hasBeenReady) this.#kill(thread, `not ready within ${START_WITHIN / 1000} s`)
      }),
    )
    thread.timers.add(clock.every(LOOK_AT_HEAP_EVERY, () => void this.#lookAtHeap(thread)))
    this.#options.onNewThread()
  }

  #ready(thread: Thread): void {
    thread.hasBeenReady = true
    this.#state = 'running'
    this.#firstReady.resolve()
    thread.timers.add(
      this.#options.clock.after(HEALTHY_AFTER, () => {
        this.#backoff.reset()
        this.#failures = 0
      }),
    )
  }

  #silence(thread: Thread, silent: boolean): void {
    if (thread.cancelHung) {
      thread.cancelHung()
      thread.timers.delete(thread.cancelHung)
      delete thread.cancelHung
    }
    if (!silent || !thread.hasBeenReady) return
    thread.cancelHung = this.#options.clock.after(HUNG_AFTER, () => this.#kill(thread, 'its event loop hung'))
    thread.timers.add(thread.cancelHung)
  }

  async #lookAtHeap(thread: Thread): Promise<void> {
    try {
      const { used_heap_size: used } = await thread.worker.getHeapStatistics()
      const share = used / (this.#options.maxHeapMb * 1024 * 1024)
      this.#heapShare = share
      if (share > HEAP_FULL) this.#kill(thread, `its heap was ${Math.round(share * 100)} % full`)
    } catch (error) {
      // The thread ended between the timer and the answer; its exit is handled where it is reported.
      this.#options.log.debug({ error: describeError(error) }, 'no heap statistics')
    }
  }

  #kill(thread: Thread, cause: string): void {
    if (this.#thread !== thread) return
    thread.cause ||= cause
    thread.worker.terminate().catch((error: unknown) => {
      this.#options.log.error({ error: describeError(error) }, 'room could not be terminated')
    })
  }

  #exited(thread: Thread, code: number): void {
    for (const cancel of thread.timers) cancel()
    thread.link.close()
    if (this.#thread === thread) this.#thread = undefined
    if (!this.#stopping) this.#restartLater(thread.cause || `it exited with code ${code}`)
  }

  #restartLater(cause: string): void {
    this.#state = 'backoff'
    this.#restarts++
    this.#lastRestart = cause
    this.#failures++
    if (this.#failures === UNSTABLE_AFTER) this.#options.onUnstable?.(cause)
    const delay = this.#backoff.next()
    const { clock, log, name } = this.#options
    log.error(
      { room: name, cause, restarts: this.#restarts, delayMs: Math.round(delay) },
      'room ended and is started again',
    )
    this.#cancelRestart = clock.after(delay, () => void this.#spawn())
  }
}
