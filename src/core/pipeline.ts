import type { Clock, Milliseconds, Moment } from './clock.ts'
import { grown } from './columns.ts'
import type { TagValue } from './data-type.ts'
import { isWithin } from './deadband.ts'
import { Recording } from './recording.ts'
import { CLOCK_TOLERANCE, type SampleRecorder, type SampleSink } from './sample.ts'
import { fitTag, isKnownState } from './states.ts'
import { GOOD_LIMITED_HIGH, GOOD_LIMITED_LOW, isBad, StatusCode } from './status-code.ts'
import type { IndexedTag, TagChange, TagIndex } from './tag-index.ts'
import { TagTable } from './tag-table.ts'
import { Intake } from './transform/intake.ts'

/** Told of every tag whose value, status or source time has changed in the table. Must not throw. */
export interface ChangeListener {
  changed(tag: TagIndex): void
}

/** How much of its last statement still holds for a tag. */
const Phase = {
  /** It spoke within the expected time, or never spoke. */
  fresh: 0,
  /** Older than its stale time, or restored from disk and not confirmed since. */
  stale: 1,
  /** What carries it is lost. */
  lost: 2,
  /** Lost for longer than its `badAfter`. */
  dead: 3,
  disabled: 4,
} as const

/** How often deadlines are looked at; the resolution of stale and bad times. */
const SWEEP_EVERY: Milliseconds = 250

/**
 * Turns what sources say into what clients may believe (the rules of truth: a real value with its own time;
 * the last real one marked Uncertain; Bad with the reason; never an invented one). Each tag has a `quality`,
 * what its device last said, and a phase, how much of that still holds; the status is a function of the two.
 */
export class Pipeline implements SampleSink {
  readonly table: TagTable
  readonly #tags: IndexedTag[] = []
  readonly #intakes: Intake[] = []
  readonly #clock: Clock
  readonly #listeners: ChangeListener[] = []
  #quality = new Uint32Array(0)
  #phase = new Uint8Array(0)
  /** Spoke since this process started: a value from disk is Uncertain until then. */
  #heard = new Uint8Array(0)
  /** Monotonic time at which the phase ends by itself: fresh → stale, lost → dead. */
  #deadline = new Float64Array(0)
  /** What the source has learned of how old a value may get; infinite: nothing. */
  #learned = new Float64Array(0)
  #staleAfter = new Float64Array(0)
  readonly #recording = new Recording()
  #stopSweep: (() => void) | undefined

  constructor(tags: readonly IndexedTag[], clock: Clock) {
    this.#clock = clock
    this.table = new TagTable([])
    this.#add(tags)
    for (const { index } of tags) this.#show(index)
  }

  /**
   * Follows a change of the plant. A tag that reads something else begins anew; one that is gone is out of service
   * for ever, and whatever its source may still say of it is not heard.
   */
  change({ added, updated, renewed, retired }: TagChange): void {
    this.#add(added)
    for (const { index } of added) this.#show(index, true)
    for (const { index } of retired) {
      this.#phase[index] = Phase.disabled
      this.#deadline[index] = Number.POSITIVE_INFINITY
      this.table.clear(index)
      this.#show(index)
    }
    for (const tag of renewed) {
      this.table.clear(tag.index)
      this.#begin(tag)
      this.#show(tag.index, true)
    }
    for (const tag of updated) this.#update(tag)
  }

  #add(tags: readonly IndexedTag[]): void {
    this.table.add(tags)
    const { size } = this.table
    this.#quality = grown(this.#quality, size, StatusCode.BadWaitingForInitialData)
    this.#phase = grown(this.#phase, size, Phase.fresh)
    this.#heard = grown(this.#heard, size, 0)
    this.#deadline = grown(this.#deadline, size, Number.POSITIVE_INFINITY)
    this.#learned = grown(this.#learned, size, Number.POSITIVE_INFINITY)
    this.#staleAfter = grown(this.#staleAfter, size, Number.POSITIVE_INFINITY)
    this.#recording.grow(size)
    for (const tag of tags) this.#begin(tag)
  }

  #begin(tag: IndexedTag): void {
    const { index, disabled } = tag
    this.#tags[index] = tag
    this.#intakes[index] = new Intake(tag.tag)
    this.#quality[index] = StatusCode.BadWaitingForInitialData
    this.#phase[index] = disabled ? Phase.disabled : Phase.fresh
    this.#heard[index] = 0
    this.#deadline[index] = Number.POSITIVE_INFINITY
    this.#learned[index] = Number.POSITIVE_INFINITY
    this.#staleAfter[index] = staleAfterOf(tag, Number.POSITIVE_INFINITY)
    this.#recording.begin(tag)
  }

  #update(tag: IndexedTag): void {
    const { index, disabled } = tag
    const wasDisabled = this.#phase[index] === Phase.disabled
    this.#tags[index] = tag
    this.#intakes[index] = new Intake(tag.tag)
    this.#staleAfter[index] = staleAfterOf(tag, this.#learned[index] as number)
    this.#recording.settle(tag)
    if (disabled) {
      this.#phase[index] = Phase.disabled
      this.#deadline[index] = Number.POSITIVE_INFINITY
    } else if (wasDisabled) {
      // Nothing was heard while it was out of service: what is known is old until the source speaks.
      this.#phase[index] = Number.isNaN(this.table.sourceTime[index] as number) ? Phase.fresh : Phase.stale
    } else {
      this.#age(index)
    }
    const quality = this.#quality[index] as StatusCode
    const limited = quality === GOOD_LIMITED_LOW || quality === GOOD_LIMITED_HIGH
    if (!(isBad(quality) || limited)) this.#quality[index] = this.#judge(index, this.table.value(index))
    this.#show(index)
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }

  /**
   * From now on what is said of tags with a history policy goes to `recorder` too, and each statement of tags with
   * aggregates to `watcher`.
   */
  recordTo(recorder: SampleRecorder, watcher?: SampleRecorder): void {
    this.#recording.begins(recorder, watcher, this.#tags)
  }

  /** Begins to watch the deadlines. */
  start(): void {
    this.#stopSweep ??= this.#clock.every(SWEEP_EVERY, () => this.sweep())
  }

  stop(): void {
    this.#stopSweep?.()
    this.#stopSweep = undefined
  }

  /** A last value kept from an earlier run: Uncertain until its source speaks again. */
  restore(tag: TagIndex, value: TagValue, quality: StatusCode, sourceTime: Milliseconds, serverTime: Milliseconds) {
    if (this.#phase[tag] === Phase.disabled || isBad(quality)) return
    const fit = fitTag((this.#tags[tag] as IndexedTag).tag, value)
    if (fit === undefined) return
    this.table.setValue(tag, fit)
    this.table.sourceTime[tag] = sourceTime
    this.#quality[tag] = quality
    this.#phase[tag] = Phase.stale
    this.#show(tag)
    this.table.serverTime[tag] = serverTime
  }

  /** What the device last said of the tag, whatever became of the connection since: what is worth keeping on disk. */
  quality(tag: TagIndex): StatusCode {
    return this.#quality[tag] as StatusCode
  }

  polled(tag: TagIndex, value: TagValue, at?: Moment): void {
    if (this.#phase[tag] === Phase.disabled) return
    const now = at?.now ?? this.#clock.now()
    const intake = this.#intakes[tag] as Intake
    const fit = intake.take(value)
    const quality = intake.status ?? this.#judge(tag, fit as TagValue)
    const moved = fit !== undefined && this.#moves(tag, fit, quality)
    if (this.#recording.hears(tag)) {
      this.#recording.polls(tag)
      this.#recording.said(tag, fit, quality, now, now, this.#isNews(tag, quality), moved)
    }
    this.#say(tag, quality, now, moved, now, at?.monotonic)
  }

  event(tag: TagIndex, value: unknown, sourceTime: Milliseconds, doubt?: StatusCode): boolean {
    if (this.#phase[tag] === Phase.disabled) return true
    const now = this.#clock.now()
    const time = notInFuture(sourceTime, now)
    const late = this.#isLate(tag, time, now)
    if (late && !this.#recording.hears(tag)) return false
    const intake = this.#intakes[tag] as Intake
    const fit = intake.take(value)
    const quality =
      fit === undefined ? (intake.status as StatusCode) : (doubt ?? intake.status ?? this.#judge(tag, fit))
    if (late) {
      this.#recording.saidLate(tag, fit, quality, time, now)
      return false
    }
    const newer = time !== this.table.sourceTime[tag] && !this.#isHeld(tag, fit, quality)
    const moved = fit !== undefined && this.#moves(tag, fit, quality)
    if (this.#recording.hears(tag)) {
      this.#recording.said(tag, fit, quality, time, now, this.#isNews(tag, quality), moved)
    }
    this.#say(tag, quality, time, moved || newer, now)
    return true
  }

  failed(tag: TagIndex, status: StatusCode, sourceTime?: Milliseconds): void {
    if (this.#phase[tag] === Phase.disabled) return
    const now = this.#clock.now()
    const time = notInFuture(sourceTime ?? now, now)
    const late = sourceTime !== undefined && this.#isLate(tag, time, now)
    if (late) {
      this.#recording.saidLate(tag, undefined, status, time, now)
      return
    }
    if (this.#recording.hears(tag)) {
      this.#recording.said(tag, undefined, status, time, now, this.#isNews(tag, status), false)
    }
    this.#say(tag, status, time, false, now)
  }

  lost(tags: readonly TagIndex[]): void {
    const since = this.#clock.monotonic()
    const now = this.#clock.now()
    for (const tag of tags) {
      const phase = this.#phase[tag] as number
      if (phase === Phase.lost || phase === Phase.dead || phase === Phase.disabled) continue
      const { tag: config, device } = this.#tags[tag] as IndexedTag
      this.#recording.lost(tag, now)
      this.#phase[tag] = Phase.lost
      this.#deadline[tag] = since + (config.badAfterMs ?? device.badAfterMs)
      this.#show(tag)
    }
  }

  restored(tags: readonly TagIndex[]): void {
    for (const tag of tags) {
      const phase = this.#phase[tag] as number
      if (phase !== Phase.lost && phase !== Phase.dead) continue
      if (this.#heard[tag] === 1 || isBad(this.#quality[tag] as StatusCode)) {
        this.#refresh(tag)
      } else {
        this.#phase[tag] = Phase.stale
        this.#deadline[tag] = Number.POSITIVE_INFINITY
      }
      this.#show(tag)
    }
  }

  expectEvery(tags: readonly TagIndex[], staleAfter: Milliseconds): void {
    for (const tag of tags) {
      this.#learned[tag] = staleAfter
      this.#staleAfter[tag] = staleAfterOf(this.#tags[tag] as IndexedTag, staleAfter)
      this.#age(tag)
      this.#show(tag)
    }
  }

  /** Moves every tag whose deadline has passed; called by the timer, and by tests. */
  sweep(): void {
    const now = this.#clock.monotonic()
    const deadlines = this.#deadline
    for (let tag = 0; tag < this.table.size; tag++) {
      if ((deadlines[tag] as number) > now) continue
      deadlines[tag] = Number.POSITIVE_INFINITY
      this.#phase[tag] = this.#phase[tag] === Phase.lost ? Phase.dead : Phase.stale
      this.#show(tag)
    }
  }

  /**
   * The device spoke: `quality` is what it said, `time` when; `moved` says that clients must hear of it even if the
   * status stays. A polled value that is merely confirmed renews its time in the table without telling anybody.
   */
  #say(
    tag: TagIndex,
    quality: StatusCode,
    time: Milliseconds,
    moved: boolean,
    now: Milliseconds,
    monotonic?: Milliseconds,
  ): void {
    this.#heard[tag] = 1
    this.#quality[tag] = quality
    this.table.sourceTime[tag] = time
    this.#refresh(tag, now, monotonic)
    this.#show(tag, moved, now)
  }

  /** As `#refresh`, for a tag that has spoken and is not lost. */
  #age(tag: TagIndex): void {
    const phase = this.#phase[tag] as number
    if (this.#heard[tag] === 1 && (phase === Phase.fresh || phase === Phase.stale)) this.#refresh(tag)
  }

  /** Sets phase and deadline from the age of what was last said. */
  #refresh(tag: TagIndex, now = this.#clock.now(), monotonic?: Milliseconds): void {
    const age = Math.max(0, now - (this.table.sourceTime[tag] as number))
    const left = (this.#staleAfter[tag] as number) - age
    this.#phase[tag] = left > 0 ? Phase.fresh : Phase.stale
    const ends = left > 0 && left < Number.POSITIVE_INFINITY
    this.#deadline[tag] = ends ? (monotonic ?? this.#clock.monotonic()) + left : Number.POSITIVE_INFINITY
  }

  /** Reading the clock costs as much as all else of a value: who has read it gives `now`. */
  #show(tag: TagIndex, moved = false, now?: Milliseconds): void {
    const status = this.#statusOf(tag)
    if (!moved && this.table.status[tag] === status) return
    this.table.status[tag] = status
    this.table.serverTime[tag] = now ?? this.#clock.now()
    for (const listener of this.#listeners) listener.changed(tag)
  }

  #statusOf(tag: TagIndex): StatusCode {
    const quality = this.#quality[tag] as StatusCode
    switch (this.#phase[tag]) {
      case Phase.disabled:
        return StatusCode.BadOutOfService
      case Phase.stale:
        return isBad(quality) ? quality : StatusCode.UncertainLastUsableValue
      case Phase.lost:
        return isBad(quality) ? StatusCode.BadNoCommunication : StatusCode.UncertainNoCommunicationLastUsableValue
      case Phase.dead:
        return StatusCode.BadNoCommunication
      default:
        return quality
    }
  }

  /** Puts the value into the table, unless it is held back; whether clients must hear of it. */
  #moves(tag: TagIndex, value: TagValue, quality: StatusCode): boolean {
    return !this.#isHeld(tag, value, quality) && this.table.setValue(tag, value)
  }

  /** Whether the deadband of the tag keeps from clients what is said: never anything but a value, all else being fresh. */
  #isHeld(tag: TagIndex, value: TagValue | undefined, quality: StatusCode): boolean {
    const { deadband } = (this.#tags[tag] as IndexedTag).tag
    if (deadband === undefined || value === undefined || this.#heard[tag] === 0) return false
    if (this.#phase[tag] !== Phase.fresh || this.#quality[tag] !== quality) return false
    return isWithin(deadband, this.table.value(tag), value)
  }

  #judge(tag: TagIndex, value: TagValue): StatusCode {
    const { tag: config } = this.#tags[tag] as IndexedTag
    if (!isKnownState(config, value)) return StatusCode.UncertainEngineeringUnitsExceeded
    const { range } = config
    if (!range || (typeof value !== 'number' && typeof value !== 'bigint')) return StatusCode.Good
    return value < range.low || value > range.high ? StatusCode.UncertainEngineeringUnitsExceeded : StatusCode.Good
  }

  /** A last value whose time lies ahead of our clock, which was set back since, is not a later one. */
  #isLate(tag: TagIndex, time: Milliseconds, now: Milliseconds): boolean {
    const known = this.table.sourceTime[tag] as number
    return time < known && known <= now + CLOCK_TOLERANCE
  }

  /** Whether this quality differs from the one before, or ends a time of which nothing is known. */
  #isNews(tag: TagIndex, quality: StatusCode): boolean {
    if (quality !== this.#quality[tag] || this.#heard[tag] === 0) return true
    const phase = this.#phase[tag]
    return phase === Phase.lost || phase === Phase.dead
  }
}

const staleAfterOf = ({ tag, device }: IndexedTag, learned: Milliseconds): Milliseconds =>
  tag.staleAfterMs ?? device.staleAfterMs ?? learned
const notInFuture = (time: Milliseconds, now: Milliseconds): Milliseconds => (time > now + CLOCK_TOLERANCE ? now : time)
