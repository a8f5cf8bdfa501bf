import { aggregatedId, windowStart } from '../../core/aggregate-windows.ts'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { TagValue } from '../../core/data-type.ts'
import { describeError } from '../../core/errors.ts'
import type { HistoryEdit } from '../../core/history-edit.ts'
import { historyPolicyOf } from '../../core/history-policy.ts'
import type { HistorySource, RecordedSample } from '../../core/history-source.ts'
import type { Logger } from '../../core/logger.ts'
import { CLOCK_TOLERANCE, type SampleRecorder, type SampleSink } from '../../core/sample.ts'
import { isBad, isGood, type StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagChange, TagIndex } from '../../core/tag-index.ts'
import type { TagTable } from '../../core/tag-table.ts'
import { Turns } from '../../store/turns.ts'
import { Rereading, type WrittenHistory } from './rereading.ts'
import { TagWindows, type WindowSink, type WindowTag } from './tag-windows.ts'

/** How often it is looked whether windows are over: the latency of what they come to. */
const TICK: Milliseconds = 100

export interface WindowAggregationParts {
  readonly sink: Pick<SampleSink, 'event' | 'failed'>
  readonly table: Pick<TagTable, 'sourceTime'>
  readonly source: HistorySource
  readonly history: WrittenHistory
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The tags that are made of the samples of others, window by window. Each statement is added up as it comes; windows of
 * one length end together, by the clock, in turns of some milliseconds. What comes for a window that is over has it
 * calculated again from history.
 */
export class WindowAggregation implements SampleRecorder, WindowSink {
  readonly #parts: WindowAggregationParts
  readonly #rereading: Rereading
  /** By the tag whose samples they are of. */
  readonly #windows = new Map<TagIndex, TagWindows>()
  /** By the id of that tag. */
  readonly #byId = new Map<string, TagWindows>()
  /** Of each length, which window is open: how many of that length have been since 1970. */
  readonly #open = new Map<Milliseconds, number>()
  #ending: Promise<void> = Promise.resolve()
  #isEnding = false
  #stopTimer: (() => void) | undefined

  constructor(parts: WindowAggregationParts) {
    this.#parts = parts
    this.#rereading = new Rereading({ ...parts, isPresent: (windows) => this.#isPresent(windows) })
  }

  /** Begins with these tags, whose last values are restored. */
  start(tags: readonly IndexedTag[]): void {
    this.#add(tags)
    for (const windows of this.#windows.values()) this.#resume(windows)
    this.#stopTimer ??= this.#parts.clock.every(TICK, () => void this.tick())
  }

  async stop(): Promise<void> {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    await this.#ending
    await this.#rereading.stop()
  }

  /** Follows a change of the plant; windows that are as they were do not notice. */
  change({ added, updated, renewed, retired }: TagChange, ofDevice: (key: string) => readonly IndexedTag[]): void {
    for (const tag of [...renewed, ...retired]) this.#forget(tag)
    const devices = new Set([...added, ...updated, ...renewed, ...retired].map(({ device }) => device.key))
    for (const key of devices) this.#add(ofDevice(key))
  }

  record(
    tag: TagIndex,
    value: TagValue | undefined,
    status: StatusCode,
    sourceTime: Milliseconds,
    serverTime: Milliseconds,
  ): void {
    // As it is recorded, in whole milliseconds.
    const time = Math.trunc(sourceTime)
    this.#windows.get(tag)?.take({ value: value ?? null, status, sourceTime: time, serverTime: Math.trunc(serverTime) })
  }

  /** Somebody else has changed what is recorded of a tag: the windows of these times are calculated again. */
  edited(edit: HistoryEdit): void {
    const windows = this.#byId.get(edit.series.tag)
    if (!windows || edit.kind === 'deleteRange') return
    const times = edit.kind === 'write' ? edit.samples.map(({ sourceTime }) => sourceTime) : edit.times
    for (const time of times) windows.heed(time)
  }

  publish(tag: TagIndex, value: RecordedSample['value'], status: StatusCode, from: Milliseconds): void {
    const { sink, clock } = this.#parts
    // Our clock was set back: as of now this window has not been.
    if (from > clock.now() + CLOCK_TOLERANCE) return
    if (isBad(status) || value === null) sink.failed(tag, status, from)
    else sink.event(tag, value, from, isGood(status) ? undefined : status)
  }

  readAgain(windows: TagWindows, width: Milliseconds, from: Milliseconds): void {
    this.#rereading.add(windows, width, from)
  }

  /** Ends the windows that are over; called by the timer, and by tests. Resolves when all of them are told. */
  tick(): Promise<void> {
    if (this.#isEnding) return this.#ending
    const now = this.#parts.clock.now()
    const over = [...this.#open.keys()].filter((width) => this.#open.get(width) !== Math.floor(now / width))
    if (over.length === 0) {
      this.#rereading.run()
      return this.#rereading.running
    }
    this.#isEnding = true
    this.#ending = this.#end(over, now)
      .catch((error: unknown) => {
        this.#parts.log.error({ error: describeError(error) }, 'Windows of aggregates could not be ended')
      })
      .finally(() => {
        this.#isEnding = false
      })
    return this.#ending
  }

  async #end(widths: readonly Milliseconds[], now: Milliseconds): Promise<void> {
    for (const width of widths) this.#open.set(width, Math.floor(now / width))
    const turns = new Turns(this.#parts.clock)
    for (const windows of [...this.#windows.values()]) {
      if (!this.#isPresent(windows)) continue
      for (const width of widths) windows.advance(width, now)
      await turns.next()
    }
    this.#rereading.run()
    await this.#rereading.running
  }

  #isPresent(windows: TagWindows): boolean {
    return this.#windows.get(windows.tag.index) === windows
  }

  #forget({ index, id }: IndexedTag): void {
    if (this.#windows.delete(index)) this.#byId.delete(id)
  }

  /** Makes windows for whatever of these tags has none, or others than it had; `tags`: all of their devices. */
  #add(tags: readonly IndexedTag[]): void {
    const byId = new Map(tags.map((tag) => [tag.id, tag]))
    const shown = new Map<IndexedTag, Map<Milliseconds, WindowTag[]>>()
    for (const { tag, device, index, disabled } of tags) {
      const base = tag.aggregated && !disabled && byId.get(aggregatedId(device, tag.aggregated))
      if (!tag.aggregated || !base) continue
      const { windowMs, function: each } = tag.aggregated
      const widths = shown.get(base) ?? new Map<Milliseconds, WindowTag[]>()
      shown.set(base, widths)
      widths.set(windowMs, [...(widths.get(windowMs) ?? []), { index, function: each }])
    }
    for (const tag of tags) {
      const widths = shown.get(tag)
      if (widths) this.#settle(tag, widths)
      else this.#forget(tag)
    }
  }

  #settle(tag: IndexedTag, tags: ReadonlyMap<Milliseconds, readonly WindowTag[]>): void {
    const now = this.#parts.clock.now()
    const known = this.#windows.get(tag.index)
    const isRecorded = historyPolicyOf(tag) === 'every'
    const of = { tag, tags, isRecorded, isBroughtAgain: tag.source.kind === 'chirpstack' }
    if (known) known.follow(of, now)
    else {
      const windows = new TagWindows(of, this, now)
      this.#windows.set(tag.index, windows)
      this.#byId.set(tag.id, windows)
    }
    for (const width of tags.keys()) if (!this.#open.has(width)) this.#open.set(width, Math.floor(now / width))
  }

  /** What was heard of the window that was open when the gateway ended is in history, and was not told. */
  #resume(windows: TagWindows): void {
    const { table, clock } = this.#parts
    const last = table.sourceTime[windows.tag.index] as number
    if (!windows.isRecorded || Number.isNaN(last)) return
    for (const width of windows.widths) {
      const from = windowStart(last, width)
      const isTold = windows.tagsOf(width).every(({ index }) => (table.sourceTime[index] as number) >= from)
      if (!isTold && from + width <= clock.now()) this.readAgain(windows, width, from)
    }
  }
}
