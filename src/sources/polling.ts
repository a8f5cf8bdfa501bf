import type { Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { FieldSession, ReadBlock } from './driver.ts'

/** One session's time: ends with the session or with the source. */
export class Polling<Block extends ReadBlock> {
  readonly session: FieldSession<Block>
  /** Why it is over. */
  cause: PenstockError | undefined
  /** How long after connecting the last answer came. */
  provedFor: Milliseconds = 0
  readonly #over = new AbortController()
  readonly #signal: AbortSignal
  readonly #stopped = () => this.#end(new PenstockError('STOPPED', 'The source was stopped'))

  constructor(session: FieldSession<Block>, signal: AbortSignal) {
    this.session = session
    this.#signal = signal
    signal.addEventListener('abort', this.#stopped, { once: true })
    void session.ended.then((cause) => this.#end(cause))
  }

  get over(): AbortSignal {
    return this.#over.signal
  }

  leave(): void {
    this.#signal.removeEventListener('abort', this.#stopped)
  }

  #end(cause: PenstockError): void {
    this.cause ??= cause
    this.#over.abort()
    void this.session.close()
  }
}
