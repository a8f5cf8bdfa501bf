import type { Milliseconds } from '../../core/clock.ts'
import type { IndexedTag, TagIndex } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'

interface Fault {
  readonly address: string
  readonly what: string
  readonly since: Milliseconds
}

/** The tags of one device whose last value was not usable, and why: one log line each until it is usable again. */
export class TagFaults {
  readonly #context: Pick<SourceContext, 'log' | 'report'>
  readonly #faults = new Map<TagIndex, Fault>()

  constructor(context: Pick<SourceContext, 'log' | 'report'>) {
    this.#context = context
  }

  /** The event of `time` has `what` where the tag's value should be. */
  add({ index, id, tag, device }: IndexedTag, what: string, time: Milliseconds): void {
    const { log, report } = this.#context
    report.count('misfits')
    const before = this.#faults.get(index)
    this.#faults.set(index, { address: tag.address, what, since: before?.since ?? time })
    if (before) return
    const fields = { device: device.key, tag: id, address: tag.address, cause: what }
    log.warn(fields, 'A value does not fit its tag, which is Bad until one does; further ones are only counted')
  }

  heal({ index, id, tag, device }: IndexedTag): void {
    if (!this.#faults.delete(index)) return
    this.#context.log.info({ device: device.key, tag: id, address: tag.address }, 'A value fits its tag again')
  }

  /** `object.temperature: text where Double is configured (since …)`; empty while all tags are well. */
  get reason(): string {
    const [first] = this.#faults.values()
    if (!first) return ''
    const others = this.#faults.size > 1 ? ` And ${this.#faults.size - 1} more.` : ''
    return `${first.address}: ${first.what} (since ${new Date(first.since).toISOString()}).${others}`
  }
}
