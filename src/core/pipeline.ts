import type { Clock, Milliseconds } from './clock.ts'
import type { TagValue } from './data-type.ts'
import type { SampleSink } from './sample.ts'
import { fitTag, isKnownState } from './states.ts'
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

  polled(tag: TagIndex, value: TagValue): void {
    if (this.#phase[tag] === Phase.disabled) return
    const now = this.#clock.now()
    const fit = fitTag((this.#tags[tag] as IndexedTag).tag, value)
    const moved = fit !== undefined && this.table.setValue(tag, fit)
    this.#say(tag, fit === undefined ? StatusCode.BadDecodingError : this.#judge(tag, fit), now, moved)
  }

  event(tag: TagIndex, value: unknown, sourceTime: Milliseconds): boolean {
    if (this.#phase[tag] === Phase.disabled) return true
    const time = this.#notInFuture(sourceTime)
    if (time < (this.table.sourceTime[tag] as number)) return false
    const fit = fitTag((this.#tags[tag] as IndexedTag).tag, value)
    const newer = time !== this.table.sourceTime[tag]
    const moved = fit !== undefined && this.table.setValue(tag, fit)
    this.#say(tag, fit === undefined ? StatusCode.BadDecodingError : this.#judge(tag, fit), time, moved || newer)
    return true
  }

  failed(tag: TagIndex, status: StatusCode, sourceTime?: Milliseconds): void {
    if (this.#phase[tag] === Phase.disabled) return
    const time = this.#notInFuture(sourceTime ?? this.#clock.now())
    if (sourceTime !== undefined && time < (this.table.sourceTime[tag] as number)) return
    this.#say(tag, status, time, false)
  }

  lost(tags: readonly TagIndex[]): void {
    const now = this.#clock.monotonic()
    for (const tag of tags) {
      const phase = this.#phase[tag] as number
      if (phase === Phase.lost || phase === Phase.dead || phase === Phase.disabled) continue
      const { tag: config, device } = this.#tags[tag] as IndexedTag
      this.#phase[tag] = Phase.lost
      this.#deadline[tag] = now + (config.badAfterMs ?? device.badAfterMs)
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
    const { tag: config } = this.#tags[tag] as IndexedTag
    if (!isKnownState(config, value)) return StatusCode.UncertainEngineeringUnitsExceeded
    const { range } = config
    if (!range || (typeof value !== 'number' && typeof value !== 'bigint')) return StatusCode.Good
    return value < range.low || value > range.high ? StatusCode.UncertainEngineeringUnitsExceeded : StatusCode.Good
  }

  #notInFuture(time: Milliseconds): Milliseconds {
    return Math.min(time, this.#clock.now())
  }
}
