import type { Clock, Milliseconds } from '../../../core/clock.ts'
import type { PenstockError } from '../../../core/errors.ts'
import type { Exchange, Question } from './exchange.ts'

export interface PacedOptions {
  /** Makes what the questions are passed on to. */
  readonly make: (onEnd: (cause: PenstockError) => void) => Exchange
  readonly clock: Clock
  /** From the end of one question to the next. */
  readonly gapMs: Milliseconds
  readonly onEnd: (cause: PenstockError) => void
}

/** Leaves a pause between questions, for devices and gateways that need to catch their breath. */
export class PacedExchange implements Exchange {
  readonly #inner: Exchange
  readonly #clock: Clock
  readonly #gapMs: Milliseconds
  /** Questions that wait for their turn, each with what cancels that. */
  readonly #held = new Map<Question, () => void>()
  #from = Number.NEGATIVE_INFINITY

  constructor({ make, clock, gapMs, onEnd }: PacedOptions) {
    this.#clock = clock
    this.#gapMs = gapMs
    this.#inner = make((cause) => {
      for (const [question, cancel] of [...this.#held]) {
        cancel()
        question.settle(cause)
      }
      this.#held.clear()
      onEnd(cause)
    })
  }

  ask(question: Question): void {
    const wait = this.#from - this.#clock.monotonic()
    if (wait <= 0) {
      this.#pass(question)
      return
    }
    const cancel = this.#clock.after(wait, () => {
      this.#held.delete(question)
      this.#pass(question)
    })
    this.#held.set(question, cancel)
  }

  end(cause: PenstockError): Promise<void> {
    return this.#inner.end(cause)
  }

  #pass(question: Question): void {
    const settle = (outcome: Buffer | PenstockError) => {
      this.#from = this.#clock.monotonic() + this.#gapMs
      question.settle(outcome)
    }
    this.#inner.ask({ ...question, settle })
  }
}
