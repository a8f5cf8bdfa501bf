import type { Clock, Milliseconds } from './clock.ts'
import { type DataType, fitValue, type TagValue } from './data-type.ts'
import { historyPolicyOf } from './history-policy.ts'
import { CLOCK_TOLERANCE, type SampleRecorder, type SampleSink } from './sample.ts'
import { isBad, StatusCode } from './status-code.ts'
import type { IndexedTag, TagIndex } from './tag-index.ts'
import { TagTable } from './tag-table.ts'

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

/** The history policies (`history-policy.ts`) as they stand in the hot path. */
const Keep = { off: 0, change: 1, every: 2 } as const

/** How often deadlines are looked at; the resolution of stale and bad times. */
const SWEEP_EVERY: Milliseconds = 250

/**
 * Turns what sources say into what clients may believe (the rules of truth: a real value with its own time;
 * the last real one marked Uncertain; Bad with the reason; never an invented one). Each tag has a `quality`,
 * what its device last said, and a phase, how much of that still holds; the status is a function of the two.
 */
export class Pipeline implements SampleSink {
  readonly table: TagTable
  readonly #tags: readonly IndexedTag[]
  readonly #clock: Clock
  readonly #listeners: ChangeListener[] = []
  readonly #quality: Uint32Array
  readonly #phase: Uint8Array
  /** Spoke since this process started: a value from disk is Uncertain until then. */
  readonly #heard: Uint8Array
  /** Monotonic time at which the phase ends by itself: fresh → stale, lost → dead. */
  readonly #deadline: Float64Array
  readonly #staleAfter: Float64Array
  /** One of `Keep` each; all off until there is a recorder. */
  readonly #keep: Uint8Array
  /** Read, not told of, among those that are kept: nobody will say later what they were while the device was lost. */
  readonly #polled: Uint8Array
  #recorder: SampleRecorder | undefined
  #stopSweep: (() => void) | undefined

  constructor(tags: readonly IndexedTag[], clock: Clock) {
    this.#tags = tags
    this.#clock = clock
    this.table = new TagTable(tags)
    const size = tags.length
    this.#quality = new Uint32Array(size).fill(StatusCode.BadWaitingForInitialData)
    this.#phase = new Uint8Array(size)
    this.#heard = new Uint8Array(size)
    this.#deadline = new Float64Array(size).fill(Number.POSITIVE_INFINITY)
    this.#staleAfter = new Float64Array(size)
    this.#keep = new Uint8Array(size)
    this.#polled = new Uint8Array(size)
    for (const { index, tag, device, disabled } of tags) {
      this.#staleAfter[index] = tag.staleAfterMs ?? device.staleAfterMs ?? Number.POSITIVE_INFINITY
      if (!disabled) continue
      this.#phase[index] = Phase.disabled
      this.#show(index)
    }
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }

  /** From now on what is said of tags with a history policy goes to `recorder` too. */
  recordTo(recorder: SampleRecorder): void {
    this.#recorder = recorder
    for (const tag of this.#tags) this.#keep[tag.index] = Keep[historyPolicyOf(tag)]
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
    const fit = fitValue(this.table.types[tag] as DataType, value)
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

  polled(tag: TagIndex, value: TagValue): void {
    if (this.#phase[tag] === Phase.disabled) return
    const now = this.#clock.now()
    const fit = fitValue(this.table.types[tag] as DataType, value)
    const moved = fit !== undefined && this.table.setValue(tag, fit)
    const quality = fit === undefined ? StatusCode.BadDecodingError : this.#judge(tag, fit)
    if (this.#keep[tag] !== Keep.off) {
      this.#polled[tag] = 1
      if (this.#isWorthKeeping(tag, quality, moved)) this.#recorder?.record(tag, fit, quality, now, now)
    }
    this.#say(tag, quality, now, moved)
  }

  event(tag: TagIndex, value: unknown, sourceTime: Milliseconds): boolean {
    if (this.#phase[tag] === Phase.disabled) return true
    const now = this.#clock.now()
    const time = notInFuture(sourceTime, now)
    const late = time < (this.table.sourceTime[tag] as number)
    if (late && this.#keep[tag] === Keep.off) return false
    const fit = fitValue(this.table.types[tag] as DataType, value)
    const quality = fit === undefined ? StatusCode.BadDecodingError : this.#judge(tag, fit)
    if (late) {
      // What stood before it then is not at hand, so nobody can say that it changed nothing.
      this.#recorder?.record(tag, fit, quality, time, now)
      return false
    }
    const newer = time !== this.table.sourceTime[tag]
    const moved = fit !== undefined && this.table.setValue(tag, fit)
    if (this.#keep[tag] !== Keep.off && this.#isWorthKeeping(tag, quality, moved)) {
      this.#recorder?.record(tag, fit, quality, time, now)
    }
    this.#say(tag, quality, time, moved || newer)
    return true
  }

  failed(tag: TagIndex, status: StatusCode, sourceTime?: Milliseconds): void {
    if (this.#phase[tag] === Phase.disabled) return
    const now = this.#clock.now()
    const time = notInFuture(sourceTime ?? now, now)
    const late = sourceTime !== undefined && time < (this.table.sourceTime[tag] as number)
    if (this.#keep[tag] !== Keep.off && (late || this.#isWorthKeeping(tag, status, false))) {
      this.#recorder?.record(tag, undefined, status, time, now)
    }
    if (late) return
    this.#say(tag, status, time, false)
  }

  lost(tags: readonly TagIndex[]): void {
    const since = this.#clock.monotonic()
    const now = this.#clock.now()
    for (const tag of tags) {
      const phase = this.#phase[tag] as number
      if (phase === Phase.lost || phase === Phase.dead || phase === Phase.disabled) continue
      const { tag: config, device } = this.#tags[tag] as IndexedTag
      if (this.#polled[tag] === 1) this.#recorder?.record(tag, undefined, StatusCode.BadNoCommunication, now, now)
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
      const { tag: config, device } = this.#tags[tag] as IndexedTag
      this.#staleAfter[tag] = config.staleAfterMs ?? device.staleAfterMs ?? staleAfter
      const phase = this.#phase[tag] as number
      if (this.#heard[tag] !== 1 || (phase !== Phase.fresh && phase !== Phase.stale)) continue
      this.#refresh(tag)
      this.#show(tag)
    }
  }

  /** Moves every tag whose deadline has passed; called by the timer, and by tests. */
  sweep(): void {
    const now = this.#clock.monotonic()
    const deadlines = this.#deadline
    for (let tag = 0; tag < deadlines.length; tag++) {
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
  #say(tag: TagIndex, quality: StatusCode, time: Milliseconds, moved: boolean): void {
    this.#heard[tag] = 1
    this.#quality[tag] = quality
    this.table.sourceTime[tag] = time
    this.#refresh(tag)
    this.#show(tag, moved)
  }

  /** Sets phase and deadline from the age of what was last said. */
  #refresh(tag: TagIndex): void {
    const age = Math.max(0, this.#clock.now() - (this.table.sourceTime[tag] as number))
    const left = (this.#staleAfter[tag] as number) - age
    this.#phase[tag] = left > 0 ? Phase.fresh : Phase.stale
    this.#deadline[tag] = left > 0 ? this.#clock.monotonic() + left : Number.POSITIVE_INFINITY
  }

  #show(tag: TagIndex, moved = false): void {
    const status = this.#statusOf(tag)
    if (!moved && this.table.status[tag] === status) return
    this.table.status[tag] = status
    this.table.serverTime[tag] = this.#clock.now()
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

  #judge(tag: TagIndex, value: TagValue): StatusCode {
    const range = (this.#tags[tag] as IndexedTag).tag.range
    if (!range || typeof value === 'string' || typeof value === 'boolean') return StatusCode.Good
    return value < range.low || value > range.high ? StatusCode.UncertainEngineeringUnitsExceeded : StatusCode.Good
  }

  /** Whether a statement goes to history: with `change`, one that differs, or ends a time of which nothing is known. */
  #isWorthKeeping(tag: TagIndex, quality: StatusCode, moved: boolean): boolean {
    if (this.#keep[tag] === Keep.every || moved || quality !== this.#quality[tag]) return true
    const phase = this.#phase[tag]
    return this.#heard[tag] === 0 || phase === Phase.lost || phase === Phase.dead
  }
}

const notInFuture = (time: Milliseconds, now: Milliseconds): Milliseconds => (time > now + CLOCK_TOLERANCE ? now : time)
