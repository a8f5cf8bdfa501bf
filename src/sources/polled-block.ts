import { Backoff } from '../core/backoff.ts'
import type { Milliseconds } from '../core/clock.ts'
import type { ReadBlock } from './driver.ts'

/** Misses in a row after which an operator is told of a block. */
const FAILURES_TO_TELL = 3
/** The weight of the last answer in the average of how long answers take. */
const NEWEST = 0.1
const MUTE_RETRY = { first: 2_000, most: 60_000 }
/** First after about a minute: a refusal may pass with the download of a program, or never. */
const REFUSED_RETRY = { first: 80_000, most: 3_600_000 }

/**
 * How one request fares: `regular` ones are asked in their group's cycles; `untried` ones (parts of a refused one) once
 * at the next opportunity; `failing` ones, which the device does not answer, and `refused` ones, of which it says that
 * they do not exist, outside of all cycles, ever more rarely.
 */
export class PolledBlock<Block extends ReadBlock> {
  readonly block: Block
  /** The block of the driver's plan that this is a part of, or itself. */
  readonly planned: Block
  readonly period: Milliseconds
  state: 'regular' | 'untried' | 'failing' | 'refused' = 'regular'
  /** Misses in a row. */
  failures = 0
  answeredAt: Milliseconds = Number.NEGATIVE_INFINITY
  /** How long it takes to be answered; 0 before the first answer. */
  averageMs: Milliseconds = 0
  /** When it is to be asked again; of no meaning while it is regular. */
  retryAt: Milliseconds = 0
  readonly #random: () => number
  #backoff: Backoff | undefined

  constructor(block: Block, planned: Block, period: Milliseconds, random: () => number) {
    this.block = block
    this.planned = planned
    this.period = period
    this.#random = random
  }

  /** The device answers, but not this; an operator should know. */
  get mute(): boolean {
    return this.failures >= FAILURES_TO_TELL
  }

  took(time: Milliseconds): void {
    this.averageMs = this.averageMs === 0 ? time : this.averageMs + NEWEST * (time - this.averageMs)
  }

  /** To be asked at `now` as if for the first time. */
  renew(now: Milliseconds): void {
    this.state = 'untried'
    this.failures = 0
    this.retryAt = now
    this.#backoff = undefined
  }

  read(now: Milliseconds): void {
    this.state = 'regular'
    this.failures = 0
    this.answeredAt = now
    this.#backoff = undefined
  }

  refused(now: Milliseconds): void {
    if (this.state !== 'refused') this.#backoff = new Backoff(REFUSED_RETRY, this.#random)
    this.state = 'refused'
    this.failures = 0
    this.answeredAt = now
    this.retryAt = now + (this.#backoff?.next() ?? 0)
  }

  unanswered(now: Milliseconds): void {
    if (this.state !== 'failing') this.#backoff = new Backoff(MUTE_RETRY, this.#random)
    this.state = 'failing'
    this.failures++
    const wait = this.mute ? this.#backoff?.next() : Math.min(this.period, MUTE_RETRY.first)
    this.retryAt = now + (wait ?? 0)
  }
}
