import type { Milliseconds } from '../core/clock.ts'
import type { IndexedTag } from '../core/tag-index.ts'
import type { ReadBlock } from './driver.ts'
import { PollGrid } from './poll-grid.ts'
import { PolledBlock } from './polled-block.ts'

export interface PollPlan<Block extends ReadBlock> {
  readonly period: Milliseconds
  readonly tags: readonly IndexedTag[]
  readonly blocks: readonly Block[]
}

/** The tags of one device that share a period: the requests that read them, and those left of a cycle that runs. */
export class PollGroup<Block extends ReadBlock> {
  readonly grid: PollGrid
  readonly #random: () => number
  #blocks: readonly PolledBlock<Block>[]
  #queue: PolledBlock<Block>[] = []

  constructor(name: string, { period, blocks }: PollPlan<Block>, random: () => number) {
    this.grid = new PollGrid(name, period)
    this.#random = random
    this.#blocks = blocks.map((block) => new PolledBlock(block, block, period, random))
  }

  get blocks(): readonly PolledBlock<Block>[] {
    return this.#blocks
  }

  get running(): boolean {
    return this.#queue.length > 0
  }

  /** What its cycle asks for next. */
  get next(): PolledBlock<Block> | undefined {
    return this.#queue[0]
  }

  /** Begins a cycle; answers whether there is anything to ask. */
  begin(): boolean {
    this.#queue = this.#blocks.filter(({ state }) => state === 'regular')
    return this.running
  }

  abandon(): void {
    this.#queue = []
  }

  /** The cycle goes on without this one, which was asked or shall not be. */
  take(block: PolledBlock<Block>): void {
    this.#queue = this.#queue.filter((each) => each !== block)
  }

  /** Asks for these parts from now on, at once for the first time. */
  split(block: PolledBlock<Block>, into: readonly Block[], now: Milliseconds): void {
    const parts = into.map((part) => new PolledBlock(part, block.planned, block.period, this.#random))
    for (const part of parts) part.renew(now)
    this.#blocks = this.#blocks.flatMap((each) => (each === block ? parts : [each]))
  }

  /** Forgets how the block was split and asks for it as it was planned. */
  rejoin({ planned, period }: PolledBlock<Block>, now: Milliseconds): void {
    const whole = new PolledBlock(planned, planned, period, this.#random)
    whole.renew(now)
    const isPart = (each: PolledBlock<Block>) => each.planned === planned
    const at = this.#blocks.findIndex(isPart)
    this.#blocks = this.#blocks.filter((each) => !isPart(each)).toSpliced(at, 0, whole)
    this.#queue = this.#queue.filter((each) => !isPart(each))
  }
}
