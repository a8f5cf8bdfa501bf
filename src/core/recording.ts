import type { Milliseconds } from './clock.ts'
import { grown } from './columns.ts'
import type { TagValue } from './data-type.ts'
import { historyHeartbeatOf, historyIntervalOf, historyPolicyOf } from './history-policy.ts'
import type { SampleRecorder } from './sample.ts'
import { StatusCode } from './status-code.ts'
import type { IndexedTag, TagIndex } from './tag-index.ts'

/** The history policies (`history-policy.ts`) as they stand in the hot path. */
const Keep = { off: 0, change: 1, every: 2, interval: 3 } as const

/**
 * Who hears what is said of each tag beside its last value: history, by the tag's policy, and whatever needs each
 * statement. Nobody hears anything of tags for which neither is wished.
 */
export class Recording {
  /** One of `Keep` each; all off until there is a recorder. */
  #keep = new Uint8Array(0)
  /** How old the last kept statement gets before another one is kept (`interval`), or the same one again. */
  #keepInterval = new Float64Array(0)
  #keepAgain = new Float64Array(0)
  /** Source time of what was kept last; NaN: nothing yet. */
  #keptTime = new Float64Array(0)
  /** Each of its statements is needed. */
  #watched = new Uint8Array(0)
  /** Read, not told of, among those that are heard: nobody will say later what they were while the device was lost. */
  #polled = new Uint8Array(0)
  #recorder: SampleRecorder | undefined
  #watcher: SampleRecorder | undefined

  /** Makes rows for tags up to this number. */
  grow(size: number): void {
    this.#keep = grown(this.#keep, size, Keep.off)
    this.#keepInterval = grown(this.#keepInterval, size, 0)
    this.#keepAgain = grown(this.#keepAgain, size, Number.POSITIVE_INFINITY)
    this.#keptTime = grown(this.#keptTime, size, Number.NaN)
    this.#watched = grown(this.#watched, size, 0)
    this.#polled = grown(this.#polled, size, 0)
  }

  /** Of a tag that is new, or reads something else from now on. */
  begin(tag: IndexedTag): void {
    this.#polled[tag.index] = 0
    this.#keptTime[tag.index] = Number.NaN
    this.settle(tag)
  }

  /** Takes over the tag's settings as they are now. */
  settle(tag: IndexedTag): void {
    this.#keep[tag.index] = this.#recorder ? Keep[historyPolicyOf(tag)] : Keep.off
    this.#keepInterval[tag.index] = historyIntervalOf(tag)
    this.#keepAgain[tag.index] = historyHeartbeatOf(tag)
    this.#watched[tag.index] = this.#watcher && (tag.tag.aggregates ?? []).length > 0 ? 1 : 0
  }

  /** `recorder` gets what is kept as history, `watcher` each statement of tags with aggregates. */
  begins(recorder: SampleRecorder, watcher: SampleRecorder | undefined, tags: readonly IndexedTag[]): void {
    this.#recorder = recorder
    this.#watcher = watcher
    for (const tag of tags) this.settle(tag)
  }

  hears(tag: TagIndex): boolean {
    return this.#keep[tag] !== Keep.off || this.#watched[tag] === 1
  }

  /** From now on the tag's statements end where its device is lost. */
  polls(tag: TagIndex): void {
    this.#polled[tag] = 1
  }

  /** `isNews`: it differs in quality, or ends a time of which nothing is known. `moved`: it differs in value. */
  said(
    tag: TagIndex,
    value: TagValue | undefined,
    status: StatusCode,
    time: Milliseconds,
    now: Milliseconds,
    isNews: boolean,
    moved: boolean,
  ): void {
    if (this.#watched[tag] === 1) this.#watcher?.record(tag, value, status, time, now)
    if (this.#isWorthKeeping(tag, isNews, moved, time)) this.#record(tag, value, status, time, now)
  }

  /** What stood before it then is not at hand, so nobody can say that it changed nothing. */
  saidLate(
    tag: TagIndex,
    value: TagValue | undefined,
    status: StatusCode,
    time: Milliseconds,
    now: Milliseconds,
  ): void {
    if (this.#watched[tag] === 1) this.#watcher?.record(tag, value, status, time, now)
    if (this.#keep[tag] !== Keep.off) this.#recorder?.record(tag, value, status, time, now)
  }

  lost(tag: TagIndex, now: Milliseconds): void {
    if (this.#polled[tag] === 0) return
    if (this.#watched[tag] === 1) this.#watcher?.record(tag, undefined, StatusCode.BadNoCommunication, now, now)
    if (this.#keep[tag] !== Keep.off) this.#record(tag, undefined, StatusCode.BadNoCommunication, now, now)
  }

  #record(tag: TagIndex, value: TagValue | undefined, status: StatusCode, time: Milliseconds, now: Milliseconds): void {
    this.#recorder?.record(tag, value, status, time, now)
    this.#keptTime[tag] = time
  }

  /** With `change`, what differs; with `interval`, when it is time; with both, news and what the heartbeat asks for. */
  #isWorthKeeping(tag: TagIndex, isNews: boolean, moved: boolean, time: Milliseconds): boolean {
    const keep = this.#keep[tag]
    if (keep === Keep.off) return false
    if (keep === Keep.every || isNews) return true
    const age = time - (this.#keptTime[tag] as number)
    // Our clock was set back: what was kept last says nothing of how long that is.
    if (!(age >= 0) || age >= (this.#keepAgain[tag] as number)) return true
    return keep === Keep.interval ? age >= (this.#keepInterval[tag] as number) : moved
  }
}
