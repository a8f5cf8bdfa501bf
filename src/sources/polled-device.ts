import type { Milliseconds } from '../core/clock.ts'
import type { DeviceBase } from '../core/plant.ts'
import type { TagIndex } from '../core/tag-index.ts'
import type { Span } from '../core/tracing.ts'
import { DeviceBreaker } from './device-breaker.ts'
import type { ReadBlock, ReadOutcome } from './driver.ts'
import type { GatedSink } from './gated-sink.ts'
import { PollGroup, type PollPlan, staleAfter, type TraceCycle } from './poll-group.ts'
import type { PolledBlock } from './polled-block.ts'
import { RiddenTags } from './ridden-tags.ts'
import { RoundTrips } from './round-trips.ts'

/** After a miss the device, if it has nothing else to be asked for, is asked again with its next cycle, or sooner. */
const LONGEST_DOUBT: Milliseconds = 2_000
/** Refused addresses are asked for again one by one, so that many of them do not fill the line at a time. */
const RETEST_SPACING: Milliseconds = 250
/** Where the cycles of a device leave no time between them, one request after so many goes to what does not answer. */
const REGULAR_IN_A_ROW = 20

const NONE = [] as const

export interface PolledDeviceParts<Block extends ReadBlock> {
  readonly config: DeviceBase
  readonly plans: readonly PollPlan<Block>[]
  readonly sink: GatedSink
  readonly random: () => number
  /** Absent: its cycles are not traced. */
  readonly trace?: TraceCycle | undefined
}

/**
 * One device on a line as the poller sees it: which of its requests may go next, and what an answer or a miss means
 * for its cycles. No I/O and no timers; every method is told the monotonic time.
 */
export class PolledDevice<Block extends ReadBlock> {
  readonly config: DeviceBase
  /** Every tag that is read. */
  readonly tags: readonly TagIndex[]
  readonly sink: GatedSink
  readonly breaker: DeviceBreaker
  readonly roundTrips = new RoundTrips()
  answeredAt: Milliseconds = Number.NEGATIVE_INFINITY
  /** Why it is offline, in words. */
  reason = ''
  readonly #groups: readonly PollGroup<Block>[]
  readonly #ridden = new RiddenTags()
  /** Groups whose cycle runs, the next to be served first. */
  #running: PollGroup<Block>[] = []
  /** What is asked for outside of all cycles. */
  #irregular: readonly PolledBlock<Block>[] = []
  /** Those that it refuses, the same array while they are the same; undefined where it has to be looked. */
  #refusals: readonly PolledBlock<Block>[] | undefined
  #regularInRow = 0
  #retestFrom: Milliseconds = 0
  /** Requests to it that are under way side by side. */
  #underWay = 0
  /** One of them is asked for alone: what did not answer, or was refused or never asked for before. */
  #alone: PolledBlock<Block> | undefined
  /** Tags of what is under way, where several requests read the same: these never go beside each other. */
  readonly #tagsUnderWay: Set<TagIndex> | undefined
  /** Requests sent before this and missed after it tell of the same silence. */
  #missedAt: Milliseconds = Number.NEGATIVE_INFINITY

  constructor({ config, plans, sink, random, trace }: PolledDeviceParts<Block>) {
    this.config = config
    this.tags = plans.flatMap((plan) => plan.tags.map((tag) => tag.index))
    this.sink = sink
    this.breaker = new DeviceBreaker(random)
    const isShared = plans.some(({ blocks }) => blocks.some(({ riders }) => riders))
    this.#tagsUnderWay = isShared ? new Set() : undefined
    this.#groups = plans
      .filter((plan) => plan.blocks.length > 0)
      .map((plan) => new PollGroup(config.key, plan, this.#ridden, random, trace))
  }

  /** Whether there is anything to read. */
  get polled(): boolean {
    return this.#groups.length > 0
  }

  /** It missed the last request: nothing but probes may be sent to it. */
  get doubted(): boolean {
    return this.breaker.retryAt !== undefined
  }

  /** Blocks that it leaves unanswered again and again while it answers others. */
  get mute(): readonly PolledBlock<Block>[] {
    return this.breaker.open || this.#irregular.length === 0 ? NONE : this.#irregular.filter((block) => block.mute)
  }

  /** Blocks that it says it does not have; undefined while parts of one are still to be asked for, which may be had. */
  get refusals(): readonly PolledBlock<Block>[] | undefined {
    // They are asked in order, so what is still to be asked is found at once from the end.
    if (!this.#refusals && !this.#irregular.findLast(({ state }) => state === 'untried')) {
      this.#refusals = this.#irregular.filter(({ state }) => state === 'refused')
    }
    return this.#refusals
  }

  /** How its requests stand. */
  get standing(): { blocks: number; muteBlocks: number; refusedBlocks: number } {
    const blocks = this.#blocks
    const refusedBlocks = blocks.filter(({ state }) => state === 'refused').length
    return { blocks: blocks.length - refusedBlocks, muteBlocks: this.mute.length, refusedBlocks }
  }

  /** The connection is new: everything is read at once, or the probe of a device that was offline. */
  reconnected(now: Milliseconds): void {
    this.#underWay = 0
    this.#alone = undefined
    this.#tagsUnderWay?.clear()
    for (const group of this.#groups) group.reconnected()
    this.breaker.reconnected(now)
    this.#restart(now)
  }

  /** Begins the cycles that are due; answers how many had to be left out because the one before still runs. */
  takeDue(now: Milliseconds): number {
    if (this.doubted) return 0
    let skipped = 0
    for (const group of this.#groups) {
      const dueAt = group.grid.due
      const passed = group.grid.take(now)
      if (passed === 0) continue
      skipped += group.running ? passed : passed - 1
      if (group.running) continue
      if (group.retest(now)) this.#sort()
      if (group.begin(now, dueAt + (passed - 1) * group.grid.period)) this.#running.push(group)
      else this.#proveAlive(now)
    }
    return skipped
  }

  /**
   * The block to ask for now. What failed before is among it only if `mayProbe`. What is not regular waits until nothing
   * of the device is under way, and then goes alone, so that what comes of it has one cause.
   */
  next(now: Milliseconds, mayProbe: boolean): PolledBlock<Block> | undefined {
    if (this.#alone) return undefined
    const { retryAt } = this.breaker
    if (retryAt !== undefined) return mayProbe && now >= retryAt && this.#underWay === 0 ? this.#likeliest : undefined
    const regular = this.#running[0]?.next
    // The older of two answers with the same tag may come last.
    if (regular && this.#isUnderWay(regular)) return undefined
    if (regular && this.#regularInRow === 0) return regular
    let failing: PolledBlock<Block> | undefined
    for (const block of this.#irregular) {
      if (!this.#isDue(block, now)) continue
      if (block.state !== 'failing') return this.#underWay === 0 ? block : undefined
      failing ??= block
    }
    if (!mayProbe || (regular && this.#regularInRow < REGULAR_IN_A_ROW)) return regular
    if (failing && this.#underWay > 0) return undefined
    return failing ?? regular
  }

  /** `next` was sent, and others may go before it is answered or missed. */
  sent(block: PolledBlock<Block>): void {
    const isRegular = !this.doubted && block.state === 'regular'
    const group = this.#leave(block)
    if (isRegular && group) group.sent(block)
    else this.#alone = block
    this.#underWay++
    if (this.#tagsUnderWay) for (const { index } of block.block.tags) this.#tagsUnderWay.add(index)
  }

  /** The cycle that asks for the block, if it is traced. */
  cycleOf(block: PolledBlock<Block>): Span | undefined {
    return this.#groups.some((group) => group.span) ? this.#groupOf(block)?.span : undefined
  }

  /** Whether asking for the block is a probe: it, or the device, did not answer the last time. */
  isProbe(block: PolledBlock<Block>): boolean {
    return this.doubted || block.state === 'failing'
  }

  /** Misses in a row that make asking for the block a probe. */
  missesOf(block: PolledBlock<Block>): number {
    return this.doubted ? this.breaker.failures : block.failures
  }

  /** When there may be something to send, while `next` has nothing; probes not before `probesFrom`. */
  wakeAt(probesFrom: Milliseconds): Milliseconds {
    const { retryAt } = this.breaker
    let at = Number.POSITIVE_INFINITY
    if (retryAt !== undefined) return this.#underWay > 0 ? at : Math.max(retryAt, probesFrom)
    for (const { grid } of this.#groups) at = Math.min(at, grid.due)
    if (this.#underWay > 0) return at
    for (const { state, retryAt: again } of this.#irregular) {
      const from = state === 'failing' ? probesFrom : state === 'refused' ? this.#retestFrom : 0
      at = Math.min(at, Math.max(again, from))
    }
    return at
  }

  /** How late the cycle began whose first request `next` gave; undefined where it was no first one. */
  lateAt(block: PolledBlock<Block>, now: Milliseconds): Milliseconds | undefined {
    const group = this.#running[0]
    return group?.next === block ? group.lateAt(now) : undefined
  }

  /** Not all that was out of reach has been read since. */
  get catchingUp(): boolean {
    return !this.doubted && this.#running.some((group) => group.catchingUp)
  }

  /** The share of the line's time that it takes when it answers. */
  get load(): number {
    let load = 0
    for (const group of this.#groups) load += group.load
    return load
  }

  /** What `next` gave was answered. */
  answered(block: PolledBlock<Block>, outcome: ReadOutcome<Block>, now: Milliseconds): void {
    const wasOpen = this.breaker.open
    const wasRegular = block.state === 'regular'
    this.breaker.answered()
    this.answeredAt = now
    this.#settle(block)
    const wasRefused = block.state === 'refused'
    switch (outcome.kind) {
      case 'read':
        if (block.state === 'refused' && block.block !== block.planned) this.#groupOf(block)?.rejoin(block, now)
        else block.read(now)
        break
      case 'split':
        this.#groupOf(block)?.split(block, outcome.into, now)
        break
      case 'refused':
        if (block.state === 'refused') this.#retestFrom = now + RETEST_SPACING
        block.refused(now)
        break
    }
    if (wasRefused !== (outcome.kind === 'refused')) this.#refusals = undefined
    // A refused block that is refused again is where it was.
    if (outcome.kind === 'read' ? !wasRegular : wasRegular || outcome.kind === 'split') {
      // Parts that went back into their whole may have been all that was left of a cycle.
      this.#running = this.#running.filter(({ next }) => next)
      this.#sort()
    }
    if (this.sink.watches) this.#adapt(block, now)
    if (outcome.kind === 'read') this.#noteRiders(block, now)
    if (wasOpen) this.#restart(now)
  }

  /** What `next` gave, sent at `sentAt`, was not answered. */
  missed(block: PolledBlock<Block>, now: Milliseconds, sentAt: Milliseconds): void {
    const wasFailing = block.state === 'failing'
    const wasRegular = block.state === 'regular'
    if (block.state === 'refused') this.#refusals = undefined
    block.unanswered(now)
    const isBeside = this.#settle(block)
    if (wasRegular) this.#sort()
    // Requests that were under way together and all missed are one miss of the device.
    if (isBeside && sentAt < this.#missedAt) return
    this.#missedAt = now
    const answersElse = this.#blocks.some(({ state }) => state === 'regular')
    // A device that answers otherwise is not in doubt for a block that is known to be mute.
    if (wasFailing && answersElse && !this.doubted) return
    const soon = answersElse && !this.doubted
    const period = Math.min(...this.#groups.map((group) => group.grid.period))
    this.breaker.failed(now, soon ? 0 : Math.min(period, LONGEST_DOUBT))
    if (this.breaker.open) this.#abandon()
  }

  get #blocks(): PolledBlock<Block>[] {
    return this.#groups.flatMap((group) => group.blocks)
  }

  /** The block that answers if any does. */
  get #likeliest(): PolledBlock<Block> | undefined {
    let best: PolledBlock<Block> | undefined
    for (const block of this.#blocks) {
      const fewer = block.failures - (best?.failures ?? Number.POSITIVE_INFINITY)
      if (!best || fewer < 0 || (fewer === 0 && block.answeredAt > best.answeredAt)) best = block
    }
    return best
  }

  #isUnderWay({ block }: PolledBlock<Block>): boolean {
    if (!this.#tagsUnderWay || this.#underWay === 0) return false
    return block.tags.some(({ index }) => this.#tagsUnderWay?.has(index))
  }

  #isDue({ state, retryAt }: PolledBlock<Block>, now: Milliseconds): boolean {
    return now >= retryAt && (state !== 'refused' || now >= this.#retestFrom)
  }

  /** A device all of whose addresses are refused is asked for one of them, or its death would go unnoticed. */
  #proveAlive(now: Milliseconds): void {
    const blocks = this.#blocks
    if (blocks.some(({ state }) => state === 'regular')) return
    const refused = blocks.find(({ state }) => state === 'refused')
    if (refused) refused.retryAt = now
  }

  #groupOf(block: PolledBlock<Block>): PollGroup<Block> | undefined {
    return this.#groups.find((group) => group.blocks.includes(block))
  }

  /** It was answered or missed; answers whether it was under way beside others. */
  #settle(block: PolledBlock<Block>): boolean {
    const isAlone = this.#alone === block
    const beside = this.#underWay > 0 && !isAlone ? this.#groups.find((each) => each.settled(block)) : undefined
    if (isAlone) this.#alone = undefined
    if (isAlone || beside) {
      this.#underWay--
      if (this.#tagsUnderWay) for (const { index } of block.block.tags) this.#tagsUnderWay.delete(index)
    }
    const group = isAlone ? undefined : (beside ?? this.#leave(block))
    group?.settledOne()
    if (group && !group.running && block.failures === 0) this.breaker.succeeded()
    return beside !== undefined
  }

  /** Groups take turns block by block, so that a long one does not hold up a fast one. */
  #leave(block: PolledBlock<Block>): PollGroup<Block> | undefined {
    const at = this.#running.findIndex((each) => each.next === block)
    const group = this.#running[at]
    this.#regularInRow = group ? this.#regularInRow + 1 : 0
    if (!group) return undefined
    group.take()
    if (group.next && this.#running.length === 1) return group
    this.#running.splice(at, 1)
    if (group.next) this.#running.push(group)
    return group
  }

  #adapt(block: PolledBlock<Block>, now: Milliseconds): void {
    const changed = this.sink.takeChanged()
    const asked = this.#groupOf(block)
    for (const group of this.#groups) {
      const isChanged = changed.some((tag) => group.tags.has(tag))
      if (group !== asked && !isChanged) continue
      if (group.adapt(isChanged, now)) this.sink.expectEvery([...group.tags], staleAfter(group.grid.period))
    }
  }

  /** Tags of slower groups were read along: what their cycles have no other reason to ask for, they leave out. */
  #noteRiders(block: PolledBlock<Block>, now: Milliseconds): void {
    const { riders } = block.block
    const group = riders && this.#groupOf(block)
    if (!group) return
    this.#ridden.note(riders, now, group.grid.period)
    for (const other of this.#running) if (other !== group) other.leaveOut(now)
    this.#running = this.#running.filter(({ next }) => next)
  }

  #sort(): void {
    this.#irregular = this.#blocks.filter(({ state }) => state !== 'regular')
    this.#refusals = undefined
  }

  #restart(now: Milliseconds): void {
    this.#abandon()
    this.#ridden.forget()
    for (const block of this.#irregular) block.renew(now)
    this.#refusals = undefined
    if (this.breaker.open) return
    for (const group of this.#groups) {
      if (group.begin(now)) this.#running.push(group)
      group.grid.align(now)
    }
  }

  #abandon(): void {
    for (const group of this.#running) group.abandon()
    this.#running = []
  }
}
