import type { Milliseconds } from '../core/clock.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'
import type { Span } from '../core/tracing.ts'
import type { ReadBlock } from './driver.ts'
import { PollGrid } from './poll-grid.ts'
import { PolledBlock } from './polled-block.ts'
import type { RiddenTags } from './ridden-tags.ts'

/** A tag is stale after three missed polls, but never sooner than this. */
const LEAST_STALE_AFTER: Milliseconds = 5_000
/** Cycles in a row without a change after which an adaptive period doubles. */
const QUIET_CYCLES = 10
/** A block that is read in parts is tried whole again this often: what refused it may have passed. */
const RETEST_EVERY: Milliseconds = 3_600_000

export const staleAfter = (period: Milliseconds): Milliseconds => Math.max(3 * period, LEAST_STALE_AFTER)

export interface PollPlan<Block extends ReadBlock> {
  readonly period: Milliseconds
  readonly tags: readonly IndexedTag[]
  readonly blocks: readonly Block[]
  /** The longest period while nothing changes; absent: always `period`. */
  readonly slowest?: Milliseconds | undefined
}

/** Begins the span of a cycle of this period; undefined: this one is not traced. */
export type TraceCycle = (period: Milliseconds) => Span | undefined

/** The tags of one device that share a period: the requests that read them, and those left of a cycle that runs. */
export class PollGroup<Block extends ReadBlock> {
  readonly grid: PollGrid
  readonly tags: ReadonlySet<TagIndex>
  readonly #period: Milliseconds
  readonly #slowest: Milliseconds
  readonly #random: () => number
  readonly #ridden: RiddenTags
  #splitAt: Milliseconds = Number.POSITIVE_INFINITY
  /** Answers in a row that said nothing new. */
  #quiet = 0
  #blocks: readonly PolledBlock<Block>[]
  /** What the running cycle asks for, and how much of it has been asked. */
  #queue: readonly PolledBlock<Block>[] = []
  #asked = 0
  /** Asked beside others, and not settled yet. */
  readonly #underWay = new Set<PolledBlock<Block>>()
  /** When the running cycle was due, until its first request goes. */
  #dueAt: Milliseconds | undefined
  /** Its running cycle is the first after the device was reached. */
  #first = false
  readonly #trace: TraceCycle | undefined
  #span: Span | undefined
  /** Of the running cycle, if that is traced. */
  #requests = 0

  constructor(name: string, plan: PollPlan<Block>, ridden: RiddenTags, random: () => number, trace?: TraceCycle) {
    const { period, blocks, tags, slowest } = plan
    this.grid = new PollGrid(name, period)
    this.tags = new Set(tags.map(({ index }) => index))
    this.#period = period
    this.#slowest = Math.max(period, slowest ?? 0)
    this.#random = random
    this.#ridden = ridden
    this.#trace = trace
    this.#blocks = blocks.map((block) => new PolledBlock(block, block, period, random))
  }

  get blocks(): readonly PolledBlock<Block>[] {
    return this.#blocks
  }

  /** What it has to read itself. */
  get #read(): PolledBlock<Block>[] {
    return this.#blocks.filter(({ spare }) => !spare)
  }

  /** Its cycle is not at its end: something is to be asked for, or under way. */
  get running(): boolean {
    return this.#asked < this.#queue.length || this.#underWay.size > 0
  }

  /** What its cycle asks for next. */
  get next(): PolledBlock<Block> | undefined {
    return this.#queue[this.#asked]
  }

  /** The cycle with which all is read that was not reached before still runs. */
  get catchingUp(): boolean {
    return this.#first && this.running
  }

  /** Begins a cycle, due at `dueAt` if by its grid; answers whether there is anything to ask. */
  begin(now: Milliseconds, dueAt?: Milliseconds): boolean {
    this.#queue = this.#needed(this.#blocks, now)
    this.#asked = 0
    this.#dueAt = dueAt
    this.#first = dueAt === undefined
    this.#span?.end()
    this.#requests = 0
    this.#span = this.next && this.#trace?.(this.grid.period)
    return this.next !== undefined
  }

  /** Leaves out of the running cycle what has come along with others meanwhile. */
  leaveOut(now: Milliseconds): void {
    this.#queue = this.#needed(this.#queue.slice(this.#asked), now)
    this.#asked = 0
  }

  #needed(blocks: readonly PolledBlock<Block>[], now: Milliseconds): PolledBlock<Block>[] {
    for (const block of blocks) block.spare = this.#ridden.covers(block.block.tags, this.grid.period, now)
    return blocks.filter((block) => block.state === 'regular' && !block.spare && !this.#underWay.has(block))
  }

  /** The running cycle, if it is traced. */
  get span(): Span | undefined {
    return this.#span
  }

  /** A request of it was answered or missed; the cycle may be at its end. */
  settledOne(): void {
    if (!this.#span) return
    this.#requests++
    if (!this.running) this.#endSpan()
  }

  #endSpan(): void {
    this.#span?.set({ 'penstock.poll.requests': this.#requests })
    this.#span?.end()
    this.#span = undefined
  }

  abandon(): void {
    this.#span?.fail('abandoned')
    this.#endSpan()
    this.#queue = []
    this.#asked = 0
  }

  /** The cycle goes on without `next`, which was asked. */
  take(): void {
    this.#asked++
  }

  /** What was `next` is under way beside others. */
  sent(block: PolledBlock<Block>): void {
    this.#underWay.add(block)
  }

  /** It was answered or missed; answers whether it was under way beside others. */
  settled(block: PolledBlock<Block>): boolean {
    return this.#underWay.delete(block)
  }

  /** Nothing of it is under way any more: the connection is another one. */
  reconnected(): void {
    this.#underWay.clear()
  }

  /** One of its requests was answered, with something new or not; answers whether the period is another for that. */
  adapt(changed: boolean, now: Milliseconds): boolean {
    const { period } = this.grid
    this.#quiet = changed ? 0 : this.#quiet + 1
    const wanted = changed ? this.#period : Math.min(2 * period, this.#slowest)
    if (wanted === period || (!changed && this.#quiet < QUIET_CYCLES * this.#read.length)) return false
    this.#quiet = 0
    this.grid.become(wanted, now)
    return true
  }

  /** How late the running cycle began at `now`; undefined but for its first request. */
  lateAt(now: Milliseconds): Milliseconds | undefined {
    const dueAt = this.#dueAt
    this.#dueAt = undefined
    return dueAt === undefined ? undefined : now - dueAt
  }

  /** The share of a line's time that its cycles take, by how long its requests took. */
  get load(): number {
    let took = 0
    for (const { state, averageMs } of this.#read) if (state === 'regular') took += averageMs
    return took / this.grid.period
  }

  /** Asks for these parts from now on, at once for the first time. */
  split(block: PolledBlock<Block>, into: readonly Block[], now: Milliseconds): void {
    const parts = into.map((part) => new PolledBlock(part, block.planned, block.period, this.#random))
    for (const part of parts) part.renew(now)
    this.#splitAt = now
    this.#blocks = this.#blocks.flatMap((each) => (each === block ? parts : [each]))
  }

  /**
   * Now and then has blocks that are read in parts, all of them answered, asked for as they were planned; answers
   * whether it did. Parts that are refused are asked for again by themselves.
   */
  retest(now: Milliseconds): boolean {
    if (now - this.#splitAt < RETEST_EVERY) return false
    this.#splitAt = now
    const byPlan = [...Map.groupBy(this.#blocks, ({ planned }) => planned).values()]
    const healed = byPlan.filter((parts) =>
      parts.every(({ state, block, planned }) => state === 'regular' && block !== planned),
    )
    for (const [part] of healed) if (part) this.rejoin(part, now)
    return healed.length > 0
  }

  /** Forgets how the block was split and asks for it as it was planned. */
  rejoin({ planned, period }: PolledBlock<Block>, now: Milliseconds): void {
    const whole = new PolledBlock(planned, planned, period, this.#random)
    whole.renew(now)
    const isPart = (each: PolledBlock<Block>) => each.planned === planned
    const at = this.#blocks.findIndex(isPart)
    this.#blocks = this.#blocks.filter((each) => !isPart(each)).toSpliced(at, 0, whole)
    this.#queue = this.#queue.slice(this.#asked).filter((each) => !isPart(each))
    this.#asked = 0
  }
}
