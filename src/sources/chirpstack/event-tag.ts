import type { Milliseconds } from '../../core/clock.ts'
import type { TagConfig } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagIndex } from '../../core/tag-index.ts'
import { Intake } from '../../core/transform/intake.ts'
import type { SourceContext } from '../source.ts'
import type { ChirpStackAddress } from './address.ts'
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
      if (!sink.event(index, reading.value, time)) return false
      if (this.#isMisfit(reading.value)) {
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

function misfit({ type, states, transform }: TagConfig, value: unknown): string {
  if (transform && typeof value === 'number') return `${value}, of which its transform makes no ${type}`
  if (states && typeof value === 'string') return `${show(value)}, which is no state of the tag`
  return `${kindOf(value)} where ${type} is configured`
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'true or false'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number with a fraction'
  return Array.isArray(value) ? 'a list' : 'a group of values'
}

const show = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text)
