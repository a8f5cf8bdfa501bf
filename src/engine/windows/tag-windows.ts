import { isDeepStrictEqual } from 'node:util'
import { type WindowFunction, windowStart } from '../../core/aggregate-windows.ts'
import { WindowResults } from '../../core/aggregates/window-results.ts'
import type { Milliseconds } from '../../core/clock.ts'
import type { RecordedSample } from '../../core/history-source.ts'
import { CLOCK_TOLERANCE } from '../../core/sample.ts'
import { isBad, StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagIndex } from '../../core/tag-index.ts'

/** A tag that shows one function of the windows of another. */
export interface WindowTag {
  readonly index: TagIndex
  readonly function: WindowFunction
}

/** Where windows tell what they come to. */
export interface WindowSink {
  publish(tag: TagIndex, value: RecordedSample['value'], status: StatusCode, from: Milliseconds): void
  /** The samples of a window that is over have to be read from history, since what was heard is not all of it. */
  readAgain(windows: TagWindows, width: Milliseconds, from: Milliseconds): void
}

/** The window of one length that is open now. */
interface OpenWindow {
  readonly width: Milliseconds
  readonly tags: readonly WindowTag[]
  /** From when on it was heard, where what is said while nobody listens is lost. */
  heardSince: Milliseconds
  from: Milliseconds
  results: WindowResults
  /** What was heard is not all that there is of it, or not in the way that it is recorded. */
  isIncomplete: boolean
  /** Nothing was said in the window before, which was told. */
  wasEmpty: boolean
}

export interface WindowsOfTag {
  readonly tag: IndexedTag
  /** The tags that show them, by the length of the window. */
  readonly tags: ReadonlyMap<Milliseconds, readonly WindowTag[]>
  /** Whether history has each statement, so that a window can be calculated of it. */
  readonly isRecorded: boolean
  /** Whether what is said while nobody listens is brought again later. */
  readonly isBroughtAgain: boolean
}

/** The windows of one tag: takes each of its statements, and tells each window at its end. */
export class TagWindows {
  readonly #sink: WindowSink
  #of: WindowsOfTag
  #windows: readonly OpenWindow[] = []
  /** The statement that came last: another one of the same time takes its place. */
  #last: RecordedSample | undefined
  #lastTime = Number.NaN

  constructor(of: WindowsOfTag, sink: WindowSink, now: Milliseconds) {
    this.#of = of
    this.#sink = sink
    this.follow(of, now)
  }

  /** Takes over what is configured now; windows that are as they were do not notice. */
  follow(of: WindowsOfTag, now: Milliseconds): void {
    this.#settleLast()
    this.#of = of
    this.#windows = [...of.tags].map(([width, tags]): OpenWindow => {
      const known = this.#windows.find((window) => window.width === width)
      if (known && isDeepStrictEqual(known.tags, tags)) return known
      const from = windowStart(now, width)
      return {
        width,
        tags,
        heardSince: of.isBroughtAgain ? Number.NEGATIVE_INFINITY : now,
        from,
        results: resultsOf(tags, from, width),
        isIncomplete: from < now,
        wasEmpty: false,
      }
    })
  }

  get tag(): IndexedTag {
    return this.#of.tag
  }

  get isRecorded(): boolean {
    return this.#of.isRecorded
  }

  get widths(): readonly Milliseconds[] {
    return this.#windows.map(({ width }) => width)
  }

  /** Whether the window of this length that begins then is not open any more. */
  isOver(width: Milliseconds, from: Milliseconds): boolean {
    return this.#windows.some((window) => window.width === width && from < window.from)
  }

  tagsOf(width: Milliseconds): readonly WindowTag[] {
    return this.#windows.find((window) => window.width === width)?.tags ?? []
  }

  take(sample: RecordedSample): void {
    const time = sample.sourceTime
    if (time < this.#lastTime || (time === this.#lastTime && !this.#last)) {
      this.#takeLate(sample)
      return
    }
    if (time > this.#lastTime || !this.#last) this.#settleLast()
    for (const window of this.#windows) {
      if (time < window.from) this.#readAgain(window, time)
      else if (time >= window.from + window.width) this.#end(window, windowStart(time, window.width))
    }
    this.#last = sample
    this.#lastTime = time
  }

  /** Ends the window of this length if it is over; and if the clock was set back, since nothing more will come for it. */
  advance(width: Milliseconds, now: Milliseconds): void {
    const window = this.#windows.find((each) => each.width === width)
    if (!window) return
    const current = windowStart(now, width)
    const isAhead = window.from > now + CLOCK_TOLERANCE
    if (current <= window.from && !isAhead) return
    this.#settleLast()
    if (isAhead) this.#lastTime = Number.NaN
    this.#end(window, current)
    if (!isAhead) return
    // What was heard at these times before the clock was set back is in history only.
    window.isIncomplete = true
    window.heardSince = Math.min(window.heardSince, now)
  }

  /** Tells what a window that is over comes to, of all its samples. */
  tell(width: Milliseconds, from: Milliseconds, results: WindowResults): void {
    const window = this.#windows.find((each) => each.width === width)
    if (window && from + width === window.from) window.wasEmpty = results.isEmpty
    for (const [position, { value, status }] of results.results().entries()) {
      const tag = window?.tags[position]
      if (tag) this.#sink.publish(tag.index, value, from < window.heardSince ? doubted(status) : status, from)
    }
  }

  /** What is recorded at this time is something else now. */
  heed(time: Milliseconds): void {
    for (const window of this.#windows) {
      if (time < window.from) this.#readAgain(window, time)
      else if (time < window.from + window.width) window.isIncomplete = true
    }
  }

  /** Of what is not recorded, a window that is over stays as it was told. */
  #takeLate(sample: RecordedSample): void {
    const time = sample.sourceTime
    for (const window of this.#windows) {
      if (time < window.from) this.#readAgain(window, time)
      else if (this.isRecorded) window.isIncomplete = true
      else window.results.add(sample)
    }
  }

  #readAgain({ width }: OpenWindow, time: Milliseconds): void {
    if (this.isRecorded) this.#sink.readAgain(this, width, windowStart(time, width))
  }

  #settleLast(): void {
    const last = this.#last
    this.#last = undefined
    if (!last) return
    for (const { from, results } of this.#windows) if (last.sourceTime >= from) results.add(last)
  }

  #end(window: OpenWindow, next: Milliseconds): void {
    const { width, from, results, isIncomplete, tags, wasEmpty } = window
    if (isIncomplete && this.isRecorded) this.#sink.readAgain(this, width, from)
    // Of several empty windows in a row the first says it all.
    else if (!results.isEmpty || !wasEmpty) this.tell(width, from, results)
    window.wasEmpty = !isIncomplete && results.isEmpty
    window.from = next
    window.results = resultsOf(tags, next, width)
    window.isIncomplete = false
  }
}

const resultsOf = (tags: readonly WindowTag[], from: Milliseconds, width: Milliseconds): WindowResults =>
  new WindowResults(
    tags.map((tag) => tag.function),
    from,
    width,
  )

/** OPC 10000-13 §5.4.3.2: of fewer values than there should be. */
const doubted = (status: StatusCode): StatusCode => (isBad(status) ? status : StatusCode.UncertainDataSubNormal)
