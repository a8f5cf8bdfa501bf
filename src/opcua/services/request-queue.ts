import type { Clock, Milliseconds } from '../../core/clock.ts'

/** Requests are answered at once for so long in one turn of the event loop; what else came then waits for the next. */
const SLICE: Milliseconds = 20
/** Requests of one channel that may wait; a client that sends more without reading an answer is cut off. */
const MOST_WAITING = 1_000

/**
 * Keeps a client that sends thousands of requests in one go from holding up the others: the requests that wait are
 * answered by turns, one of each channel, in the order of the channel.
 */
export class RequestQueue<Channel extends object> {
  readonly #clock: Clock
  readonly #waiting = new Map<Channel, (() => void)[]>()
  #sliceEnds: Milliseconds | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Answers now or later; false: the channel has sent too many. */
  admit(channel: Channel, answer: () => void): boolean {
    const waiting = this.#waiting.get(channel)
    if (waiting) return waiting.push(answer) <= MOST_WAITING
    if (this.#waiting.size === 0 && this.#hasTime()) {
      answer()
      return true
    }
    this.#waiting.set(channel, [answer])
    return true
  }

  /** The channel is closed: nothing of it needs an answer. */
  drop(channel: Channel): void {
    this.#waiting.delete(channel)
  }

  #hasTime(): boolean {
    if (this.#sliceEnds === undefined) {
      this.#sliceEnds = this.#clock.monotonic() + SLICE
      setImmediate(this.#nextTurn)
    }
    return this.#clock.monotonic() < this.#sliceEnds
  }

  readonly #nextTurn = (): void => {
    this.#sliceEnds = undefined
    if (this.#waiting.size === 0) return
    while (this.#waiting.size > 0 && this.#hasTime()) this.#answerOne()
  }

  #answerOne(): void {
    const [[channel, waiting] = []] = this.#waiting
    if (!channel || !waiting) return
    const answer = waiting.shift()
    // To the end of the line, before it answers: that may close the channel.
    this.#waiting.delete(channel)
    if (waiting.length > 0) this.#waiting.set(channel, waiting)
    answer?.()
  }
}
