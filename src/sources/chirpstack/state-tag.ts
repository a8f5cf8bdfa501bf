import type { Milliseconds } from '../../core/clock.ts'
import type { DataType } from '../../core/data-type.ts'
import type { SampleSink } from '../../core/sample.ts'
import type { StatusCode } from '../../core/status-code.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import { withDateTimes } from './date-times.ts'

/** A tag that shows the last text of a STRING measurement, which ChirpStack keeps without its time. */
export class StateTag {
  readonly index: TagIndex
  readonly name: string
  readonly #type: DataType
  readonly #sink: SampleSink
  #given: { readonly text: string; readonly time: Milliseconds } | undefined
  #failed = false

  constructor(index: TagIndex, name: string, type: DataType, sink: SampleSink) {
    this.index = index
    this.name = name
    this.#type = type
    this.#sink = sink
  }

  /**
   * Its time is when the network server last heard the device, since no text came later; or `now`, where it changed
   * and the list of devices does not show yet of when the frame was. Empty: none ever came, and nothing is said.
   */
  show(text: string, now: Milliseconds, lastSeenAt: Milliseconds | undefined): void {
    if (text === '') return
    const before = this.#given
    const heard = lastSeenAt ?? now
    const time = before === undefined || heard > before.time ? heard : before.text === text ? before.time : now
    if (before?.text === text && before.time === time && !this.#failed) return
    this.#given = { text, time }
    this.#failed = false
    this.#sink.event(this.index, this.#valueOf(text), time)
  }

  #valueOf(text: string): unknown {
    return this.#type === 'Boolean' ? toBoolean(text) : withDateTimes({ type: this.#type }, text)
  }

  failed(status: StatusCode, now: Milliseconds): void {
    this.#failed = true
    this.#sink.failed(this.index, status, this.#given?.time ?? now)
  }
}

/** ChirpStack turns a decoded true or false into its text. */
const toBoolean = (text: string): unknown => (text === 'true' ? true : text === 'false' ? false : text)
