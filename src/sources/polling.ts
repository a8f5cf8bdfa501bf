import { type Clock, type Milliseconds, pause } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { FieldSession, ReadBlock } from './driver.ts'

/** One session's time: ends with the session or with the source. */
export class Polling<Block extends ReadBlock> {
  readonly session: FieldSession<Block>
  /** Why it is over. */
  cause: PenstockError | undefined
  /** How long after connecting the last answer came. */
  provedFor: Milliseconds = 0
  readonly #signal: AbortSignal
  readonly #stopped = () => this.#end(new PenstockError('STOPPED', 'The source was stopped'))
  #rest: AbortController | undefined

  constructor(session: FieldSession<Block>, signal: AbortSignal) {
    this.session = session
    this.#signal = signal
    signal.addEventListener('abort', this.#stopped, { once: true })
    void session.ended.then((cause) => this.#end(cause))
  }

  /** Waits until there is something to do: `delay` at most, less when it is woken or over. */
  async rest(clock: Clock, delay: Milliseconds): Promise<void> {
    if (this.cause) return
    this.#rest = new AbortController()
    await pause(clock, delay, this.#rest.signal)
    this.#rest = undefined
  }

  /** There may be something to do sooner than was thought. */
  wake(): void {
    this.#rest?.abort()
  }

  leave(): void {
    this.#signal.removeEventListener('abort', this.#stopped)
  }

  #end(cause: PenstockError): void {
    this.cause ??= cause
    this.wake()
    void this.session.close()
  }
}
