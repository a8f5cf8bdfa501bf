import { isDeepStrictEqual } from 'node:util'
import type { Milliseconds, Moment } from '../core/clock.ts'
import type { TagValue } from '../core/data-type.ts'
import type { SampleSink } from '../core/sample.ts'
import type { StatusCode } from '../core/status-code.ts'
import type { TagIndex } from '../core/tag-index.ts'
import type { SourceContext, SourceReport } from './source.ts'

/** The way of one device's answers, until the device is withdrawn: an answer under way at that moment is not heard. */
export class GatedSink implements SampleSink {
  readonly #sink: SampleSink
  /** What each tag was last given, while changes are watched for. */
  readonly #last: Map<TagIndex, TagValue> | undefined
  #changed: TagIndex[] = []
  #closed = false

  constructor(sink: SampleSink, watch: 'changes' | 'nothing' = 'nothing') {
    this.#sink = sink
    this.#last = watch === 'changes' ? new Map() : undefined
  }

  get watches(): boolean {
    return this.#last !== undefined
  }

  /** The tags whose value or failure since the last call was another than before. */
  takeChanged(): readonly TagIndex[] {
    const changed = this.#changed
    this.#changed = []
    return changed
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
  }

  polled(tag: TagIndex, value: TagValue, at?: Moment): void {
    if (this.#closed) return
    if (this.#last) this.#compare(tag, value)
    this.#sink.polled(tag, value, at)
  }

  event(tag: TagIndex, value: unknown, sourceTime: Milliseconds, doubt?: StatusCode): boolean {
    return this.#closed || this.#sink.event(tag, value, sourceTime, doubt)
  }

  failed(tag: TagIndex, status: StatusCode, sourceTime?: Milliseconds): void {
    if (this.#closed) return
    if (this.#last) this.#compare(tag, `failed ${status}`)
    this.#sink.failed(tag, status, sourceTime)
  }

  #compare(tag: TagIndex, value: TagValue): void {
    if (isDeepStrictEqual(this.#last?.get(tag), value)) return
    this.#last?.set(tag, value)
    this.#changed.push(tag)
  }

  lost(tags: readonly TagIndex[]): void {
    if (!this.#closed) this.#sink.lost(tags)
  }

  restored(tags: readonly TagIndex[]): void {
    if (!this.#closed) this.#sink.restored(tags)
  }

  expectEvery(tags: readonly TagIndex[], staleAfter: Milliseconds): void {
    if (!this.#closed) this.#sink.expectEvery(tags, staleAfter)
  }
}

/** The same context with a gate of its own in the way to the sink, and to what is reported of the device. */
export function gated(context: SourceContext): { readonly context: SourceContext; readonly gate: GatedSink } {
  const { clock, log, memory, random, report, connects, offers, values, commands, tracing, told } = context
  const gate = new GatedSink(context.sink)
  const secret = (name: string) => context.secret(name)
  const gatedReport: SourceReport = {
    state: (state, reason) => report.state(state, reason),
    device: (key, state, reason) => {
      if (!gate.closed) report.device(key, state, reason)
    },
    count: (counter, by) => report.count(counter, by),
    lostUplinks: (key, uplinks) => {
      if (!gate.closed) report.lostUplinks(key, uplinks)
    },
  }
  return {
    gate,
    context: {
      clock,
      log,
      sink: gate,
      memory,
      secret,
      random,
      report: gatedReport,
      connects,
      offers,
      values,
      commands,
      tracing,
      told,
    },
  }
}
