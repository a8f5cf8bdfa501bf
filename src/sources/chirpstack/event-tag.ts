import type { Milliseconds } from '../../core/clock.ts'
import { shapeName } from '../../core/data-type.ts'
import type { TagConfig } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagIndex } from '../../core/tag-index.ts'
import { Intake } from '../../core/transform/intake.ts'
import type { SourceContext } from '../source.ts'
import type { ChirpStackAddress } from './address.ts'
import { withDateTimes } from './date-times.ts'
import type { JsonObject } from './json.ts'
import { isPayload, payloadReader } from './payload.ts'
import { type Reading, readingAt } from './reading.ts'
import type { TagFaults } from './tag-faults.ts'

/** A tag that events of one kind carry. */
export class EventTag {
  readonly #indexed: IndexedTag
  readonly #read: (body: JsonObject) => Reading | undefined
  readonly #faults: TagFaults
  readonly #intake: Intake
  readonly #context: Pick<SourceContext, 'sink'>
  /** Time of the newest event that said anything of it. */
  #newest: Milliseconds = Number.NEGATIVE_INFINITY

  constructor(
    indexed: IndexedTag,
    address: ChirpStackAddress,
    faults: TagFaults,
    context: Pick<SourceContext, 'sink'>,
  ) {
    this.#indexed = indexed
    this.#read = isPayload(address) ? payloadReader(address, indexed.tag) : (body) => readingAt(address, body)
    this.#faults = faults
    this.#intake = new Intake(indexed.tag)
    this.#context = context
  }

  get index(): TagIndex {
    return this.#indexed.index
  }

  /** Gives the sink what the event of `time` says of the tag; false where the tag knows something newer already. */
  take(body: JsonObject, time: Milliseconds): boolean {
    const reading = this.#read(body)
    if (!reading) return true
    const { sink } = this.#context
    const { index, tag } = this.#indexed
    if (reading.status !== undefined) {
      sink.failed(index, reading.status, time)
      if (time < this.#newest) return true
      if (reading.reason !== undefined) this.#faults.add(this.#indexed, reading.reason, time)
    } else {
      const value = withDateTimes(tag, reading.value)
      if (!sink.event(index, value, time)) return false
      if (this.#isMisfit(value)) {
        this.#faults.add(this.#indexed, misfit(tag, reading.value), time)
      } else this.#faults.heal(this.#indexed)
    }
    this.#newest = time
    return true
  }

  /** A value that says there is none, of a sensor that is missing, is no fault of the tag. */
  #isMisfit(value: unknown): boolean {
    return this.#intake.take(value) === undefined && this.#intake.status === StatusCode.BadDecodingError
  }
}

function misfit(tag: TagConfig, value: unknown): string {
  const { type, states, arrayLength, transform } = tag
  if (transform && typeof value === 'number') return `${value}, of which its transform makes no ${type}`
  if (arrayLength !== undefined && Array.isArray(value)) {
    if (value.length !== arrayLength) return `a list of ${value.length} where ${shapeName(tag)} is configured`
    return `a list with an element that does not fit where ${shapeName(tag)} is configured`
  }
  if (type === 'DateTime' && typeof value === 'string') return `${show(value)}, which is no ISO 8601 time with a zone`
  if (states && typeof value === 'string') return `${show(value)}, which is no state of the tag`
  return `${kindOf(value)} where ${shapeName(tag)} is configured`
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'true or false'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number with a fraction'
  return Array.isArray(value) ? 'a list' : 'a group of values'
}

const show = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text)
