import type { Milliseconds } from '../../core/clock.ts'
import type { Negotiated } from './pdu.ts'
import type { ByteArea, S7ReadBlock } from './read-plan.ts'

/** A missing data block may be downloaded any time, without the connection noticing. */
const RETRY_EVERY: Milliseconds = 60_000
/** What refused only a hole between two tags may have passed. */
const RETEST_EVERY: Milliseconds = 3_600_000

export interface Reading {
  /** Areas that were read, or refused for another reason than their address. */
  readonly good: readonly ByteArea[]
  /** Areas, of one tag each, whose address was refused. */
  readonly refused: readonly ByteArea[]
  /** What `toRetry` had given for this reading. */
  readonly retried: readonly ByteArea[]
  readonly now: Milliseconds
}

/**
 * How a block must be read, as its CPU taught: the areas that are read every time, and single tags
 * whose address it refuses.
 */
export class LearnedAreas {
  readonly #planned: readonly ByteArea[]
  #areas: readonly ByteArea[]
  #refused: readonly ByteArea[] = []
  #retryAt: Milliseconds = Number.POSITIVE_INFINITY
  #retestAt: Milliseconds = Number.POSITIVE_INFINITY

  constructor(planned: readonly ByteArea[]) {
    this.#planned = planned
    this.#areas = planned
  }

  /** What is read every time. */
  get areas(): readonly ByteArea[] {
    return this.#areas
  }

  get refused(): readonly ByteArea[] {
    return this.#refused
  }

  /** The connection is new: the CPU may hold another program, so what was refused is read again at once. */
  reconnected(now: Milliseconds): void {
    if (this.#refused.length > 0) this.#retryAt = now
  }

  /** Now and then has areas that are read in parts read as they were planned; answers whether `areas` are others now. */
  retest(now: Milliseconds): boolean {
    if (now < this.#retestAt) return false
    this.#retestAt = now + RETEST_EVERY
    if (this.#refused.length > 0) return false
    this.#areas = this.#planned
    this.#retestAt = Number.POSITIVE_INFINITY
    return true
  }

  /**
   * The refused areas that are to be read again now: all when their time has come; one while nothing else of the block
   * is readable, because a block that is never asked for proves nothing about the CPU.
   */
  toRetry(now: Milliseconds): readonly ByteArea[] {
    if (now >= this.#retryAt) return this.#refused
    return this.#areas.length === 0 ? this.#refused.slice(0, 1) : []
  }

  /**
   * Takes over what a reading proved; answers whether `areas` are others now. A tag that is readable again may be one
   * of many (the data block was downloaded): everything is then read as it was planned.
   */
  update({ good, refused, retried, now }: Reading): boolean {
    if (good.some((area) => retried.includes(area))) {
      this.#areas = this.#planned
      this.#refused = []
      this.#retryAt = Number.POSITIVE_INFINITY
      this.#retestAt = Number.POSITIVE_INFINITY
      return true
    }
    const untried = this.#refused.filter((area) => !retried.includes(area))
    const changed = good.length !== this.#areas.length || good.some((area) => !this.#areas.includes(area))
    if (refused.some((area) => !this.#refused.includes(area)) || now >= this.#retryAt) this.#retryAt = now + RETRY_EVERY
    if (changed) this.#retestAt = now + RETEST_EVERY
    this.#areas = good
    this.#refused = [...untried, ...refused]
    return changed
  }
}

/** What one CPU taught of each block, as long as it grants connections of the same kind: else it may be another CPU. */
export class LearnedBlocks {
  #granted = ''
  #blocks = new WeakMap<S7ReadBlock, LearnedAreas>()

  /** A new connection was granted these. */
  connected({ pdu, parallel }: Negotiated): void {
    const granted = `${pdu} ${parallel}`
    if (granted !== this.#granted) this.#blocks = new WeakMap()
    this.#granted = granted
  }

  /** What is known of the block, whose areas are these where nothing is. */
  of(block: S7ReadBlock, areas: readonly ByteArea[]): LearnedAreas {
    const known = this.#blocks.get(block) ?? new LearnedAreas(areas)
    this.#blocks.set(block, known)
    return known
  }
}
