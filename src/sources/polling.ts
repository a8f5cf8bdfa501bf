import type { Clock, Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { FieldSession, ReadBlock } from './driver.ts'

/** One session's time: ends with the session or with the source. */
export class Polling<Block extends ReadBlock> {
  readonly session: FieldSession<Block>
  /** Why it is over. */
  cause: PenstockError | undefined
  /** How long after connecting the last answer came. */
  provedFor: Milliseconds = 0
  readonly connectedAt: Milliseconds
  readonly #signal: AbortSignal
  readonly #stopped = () => this.#end(new PenstockError('STOPPED', 'The source was stopped'))
  /** Ends the rest, while there is one. */
  #rouse: (() => void) | undefined
  readonly #underWay = new Set<Promise<void>>()

  constructor(session: FieldSession<Block>, signal: AbortSignal, now: Milliseconds) {
    this.session = session
    this.connectedAt = now
    this.#signal = signal
    signal.addEventListener('abort', this.#stopped, { once: true })
    void session.ended.then((cause) => this.#end(cause))
  }

  /** Waits until there is something to do: `delay` at most, less when it is woken or over. */
  rest(clock: Clock, delay: Milliseconds): Promise<void> {
    if (this.cause) return Promise.resolve()
    return new Promise((resolve) => {
      const rouse = () => {
        cancel()
        this.#rouse = undefined
        resolve()
      }
      const cancel = clock.after(delay, rouse)
      this.#rouse = rouse
    })
  }

  /** An answer came. */
  proved(now: Milliseconds): void {
    this.provedFor = now - this.connectedAt
  }

  /** One request at a time is all that the session bears. */
  get alone(): boolean {
    return (this.session.window ?? 1) === 1
  }

  get full(): boolean {
    return this.#underWay.size >= (this.session.window ?? 1)
  }

  /** Goes on beside whatever else is done; `request` does not reject. */
  begin(request: Promise<void>): void {
    const done = request.then(() => {
      this.#underWay.delete(done)
      this.wake()
    })
    this.#underWay.add(done)
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** There may be something to do sooner than was thought. */
  wake(): void {
    this.#rouse?.()
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
