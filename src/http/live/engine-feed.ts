import type { MessagePort } from 'node:worker_threads'
import { type Clock, type Milliseconds, pause } from '../../core/clock.ts'
import type { CommandRecord } from '../../core/command.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { FromEngine, ToEngine } from '../../link/contract.ts'
import { Link } from '../../link/link.ts'
import { PlantMirror } from './plant-mirror.ts'

const RETRY_EVERY: Milliseconds = 500
const IN_STEP_WITHIN: Milliseconds = 30_000
/** After the last one who looked: a page that is loaded anew finds everything there. */
const LINGER: Milliseconds = 60_000

/**
 * What the engine says, for as long as somebody looks: nobody looks at most gateways most of the time, and then this
 * costs nothing. Through the engine's deaths and silences the last mirror stays, and says that it is not heard.
 */
export class EngineFeed {
  readonly #connect: () => MessagePort | undefined
  readonly #clock: Clock
  readonly #log: Logger
  #holders = 0
  #cancelLinger: (() => void) | undefined
  /** While this follows the engine. */
  #following: AbortController | undefined
  #link: Link<ToEngine, FromEngine> | undefined
  #mirror: PlantMirror | undefined
  readonly #commandListeners = new Set<(changed: readonly CommandRecord[]) => void>()
  readonly #waiting = new Set<() => void>()

  /** `connect` answers a port at whose other end the engine is; undefined while there is no engine. */
  constructor(parts: { connect: () => MessagePort | undefined; clock: Clock; log: Logger }) {
    this.#connect = parts.connect
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** The newest that every tag was told to; undefined before there was one. */
  get mirror(): PlantMirror | undefined {
    return this.#mirror
  }

  /** From now on what the engine says is followed; the answer ends that. */
  hold(): () => void {
    this.#holders++
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    if (!this.#following) {
      this.#following = new AbortController()
      void this.#follow(this.#following.signal)
    }
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#holders--
      if (this.#holders === 0 && this.#following) this.#cancelLinger = this.#clock.after(LINGER, () => this.#leave())
    }
  }

  /** Calls `listener` with commands whose state changed, while the engine is followed; the answer ends that. */
  onCommands(listener: (changed: readonly CommandRecord[]) => void): () => void {
    this.#commandListeners.add(listener)
    return () => void this.#commandListeners.delete(listener)
  }

  /** What the engine says now, or, while it is gone, said last. Rejects with ROOM_UNAVAILABLE where that is nothing. */
  async look(withinMs: Milliseconds): Promise<PlantMirror> {
    const release = this.hold()
    try {
      if (!this.#mirror) await this.#inStep(withinMs)
      if (this.#mirror) return this.#mirror
      throw new PenstockError('ROOM_UNAVAILABLE', 'The engine has not said yet what it has')
    } finally {
      release()
    }
  }

  close(): void {
    this.#cancelLinger?.()
    this.#leave()
  }

  #leave(): void {
    this.#following?.abort()
    this.#following = undefined
    const link = this.#link
    this.#link = undefined
    link?.close()
    this.#mirror = undefined
    this.#wake()
  }

  #inStep(withinMs: Milliseconds): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const cancel = this.#clock.after(withinMs, done)
      this.#waiting.add(done)
    })
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }

  /** Comes in step with the engine again and again. */
  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const port = this.#connect()
      if (port) {
        try {
          await this.#followOne(port, signal)
        } catch (error) {
          this.#log.debug(
            { cause: describeError(error) },
            'the engine does not give its values to the web; asked again',
          )
        }
        if (!signal.aborted) this.#mirror?.showHeard(false)
      }
      await pause(this.#clock, RETRY_EVERY, signal)
    }
  }

  /** Resolves when this engine is gone, or silent; rejects where it gave no plant. */
  async #followOne(port: MessagePort, signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>()
    const complete = Promise.withResolvers<void>()
    let mirror: PlantMirror | undefined
    const link: Link<ToEngine, FromEngine> = new Link({
      port,
      clock: this.#clock,
      serves: {
        changePlant: (step) => {
          mirror?.changePlant(step)
          return null
        },
      },
      hears: {
        sources: (sources) => mirror?.showSources(sources),
        commands: (changed) => {
          for (const listener of [...this.#commandListeners]) listener(changed)
        },
      },
      onBatch: (batch) => {
        mirror?.apply(batch)
        if (mirror?.isComplete) complete.resolve()
      },
      onSilence: (silent) => {
        if (silent) ended.resolve()
      },
      onEnd: () => ended.resolve(),
    })
    this.#link = link
    const cancel = this.#clock.after(IN_STEP_WITHIN, () => complete.reject(new PenstockError('TIMEOUT', 'No snapshot')))
    try {
      do {
        const plant = await link.ask('plant', null)
        mirror = new PlantMirror(plant)
        if (await link.ask('subscribe', { revision: plant.revision })) break
      } while (!signal.aborted)
      if (mirror.isComplete) complete.resolve()
      await Promise.race([complete.promise, ended.promise])
      cancel()
      if (signal.aborted || !mirror.isComplete) return
      this.#mirror = mirror
      this.#wake()
      await ended.promise
    } finally {
      cancel()
      complete.promise.catch(() => undefined)
      if (this.#link === link) this.#link = undefined
      link.close()
    }
  }
}
