import type { Milliseconds } from '../core/clock.ts'
import type { DeviceState } from '../core/health.ts'
import type { DeviceBase } from '../core/plant.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'
import { DeviceBreaker } from './device-breaker.ts'
import { PollGrid } from './poll-grid.ts'

/** The tags of one device that share a period, and the requests that read them. */
interface PollGroup<Block> {
  readonly grid: PollGrid
  readonly blocks: readonly Block[]
  /** The block to read next, while a cycle runs. */
  position: number
  running: boolean
  failuresInRow: number
}

export interface PollPlan<Block> {
  readonly period: Milliseconds
  readonly tags: readonly IndexedTag[]
  readonly blocks: readonly Block[]
}

/**
 * One device on a line as the poller sees it: which of its requests may go next, and what an answer or a failure means
 * for its cycles. No I/O and no timers; every method is told the monotonic time.
 */
export class PolledDevice<Block> {
  readonly config: DeviceBase
  /** Every tag that is read. */
  readonly tags: readonly TagIndex[]
  readonly breaker: DeviceBreaker
  /** What was last reported of it. */
  state: DeviceState = 'unknown'
  reason = ''
  /** Its tags were given up as lost, and it has not answered since. */
  lost = false
  readonly #groups: readonly PollGroup<Block>[]
  /** Groups whose cycle runs, the next to be served first. */
  readonly #running: PollGroup<Block>[] = []

  constructor(config: DeviceBase, plans: readonly PollPlan<Block>[], random: () => number) {
    this.config = config
    this.tags = plans.flatMap((plan) => plan.tags.map((tag) => tag.index))
    this.breaker = new DeviceBreaker(random)
    this.#groups = plans
      .filter((plan) => plan.blocks.length > 0)
      .map(({ period, blocks }) => ({
        grid: new PollGrid(config.key, period),
        blocks,
        position: 0,
        running: false,
        failuresInRow: 0,
      }))
  }

  /** Whether there is anything to read. */
  get polled(): boolean {
    return this.#groups.length > 0
  }

  /** The connection is new: every group is read at once, or the probe of a device that was offline. */
  reconnected(now: Milliseconds): void {
    this.#abandon()
    for (const group of this.#groups) group.failuresInRow = 0
    this.breaker.reconnected(now)
    if (!this.breaker.open) this.#beginAll(now)
  }

  /** Begins the cycles that are due; answers how many had to be left out because the one before still runs. */
  takeDue(now: Milliseconds): number {
    if (this.breaker.open) return 0
    let skipped = 0
    for (const group of this.#groups) {
      const passed = group.grid.take(now)
      if (passed === 0) continue
      skipped += group.running ? passed : passed - 1
      if (!group.running) this.#begin(group)
    }
    return skipped
  }

  /** The request to send now; of an open breaker: the probe, when its time has come. */
  next(now: Milliseconds): Block | undefined {
    const { retryAt } = this.breaker
    if (retryAt !== undefined) return now >= retryAt ? this.#groups[0]?.blocks[0] : undefined
    const group = this.#running[0]
    return group?.blocks[group.position]
  }

  /** When there may be something to send, while `next` has nothing. */
  get wakeAt(): Milliseconds {
    if (this.breaker.retryAt !== undefined) return this.breaker.retryAt
    return Math.min(...this.#groups.map((group) => group.grid.due))
  }

  /** The request that `next` gave was answered. */
  answered(now: Milliseconds): void {
    if (this.breaker.open) {
      this.breaker.close()
      this.lost = false
      this.#beginAll(now)
      return
    }
    const served = this.#advance()
    if (!this.lost) return
    this.lost = false
    this.#recover(now, served)
  }

  /** The request that `next` gave was not answered: what else was to be asked of the device in this cycle is dropped. */
  failed(now: Milliseconds): void {
    const group = this.#running[0]
    if (group) group.failuresInRow++
    this.#abandon()
    this.breaker.failed(now)
  }

  /** Groups take turns block by block, so that a long one does not hold up a fast one. */
  #advance(): PollGroup<Block> | undefined {
    const group = this.#running.shift()
    if (!group) return undefined
    group.position++
    if (group.position < group.blocks.length) {
      this.#running.push(group)
      return group
    }
    group.running = false
    group.failuresInRow = 0
    this.breaker.succeeded()
    return group
  }

  /**
   * A failure made all tags of the device uncertain. Now that it speaks again, its other groups do not wait for their
   * period, which may be an hour; only a group that keeps failing does.
   */
  #recover(now: Milliseconds, served: PollGroup<Block> | undefined): void {
    for (const group of this.#groups) {
      if (group.running || group === served || group.failuresInRow > 1) continue
      this.#begin(group)
      group.grid.align(now)
    }
  }

  #beginAll(now: Milliseconds): void {
    for (const group of this.#groups) {
      if (!group.running) this.#begin(group)
      group.grid.align(now)
    }
  }

  #begin(group: PollGroup<Block>): void {
    group.position = 0
    group.running = true
    this.#running.push(group)
  }

  #abandon(): void {
    for (const group of this.#running.splice(0)) group.running = false
  }
}
