import type { UAVariable } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { SampleBatch } from '../core/sample.ts'
import { isBad, StatusCode } from '../core/status-code.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'
import { BatchValues, makeDataValue, nullVariant } from './data-values.ts'
import { setDataValue, showUnheard } from './projected-variable.ts'
import { StatusCodeCache } from './status-codes.ts'

export interface TagValuesOptions {
  /** By tag number, undefined where the plant has that tag no more; follows its changes. */
  readonly tags: readonly (IndexedTag | undefined)[]
  /** The variables of the tags. */
  readonly variables: readonly (UAVariable | undefined)[]
  readonly clock: Clock
  readonly log: Logger
}

/** The values of all tags in the address space: what the engine said last, and nothing better than that. */
export class TagValues {
  #tags: readonly (IndexedTag | undefined)[]
  readonly #variables: readonly (UAVariable | undefined)[]
  readonly #clock: Clock
  readonly #log: Logger
  readonly #statuses = new StatusCodeCache()
  /** Tags that got no row since the last `awaitSnapshot`. */
  #missing = new Uint8Array(0)
  #missingCount = 0
  #endSnapshot: (() => void) | undefined
  /** Values that could not be shown. */
  failures = 0

  constructor({ tags, variables, clock, log }: TagValuesOptions) {
    this.#tags = tags
    this.#variables = variables
    this.#clock = clock
    this.#log = log
    for (const index of variables.keys()) this.#showWaiting(index)
  }

  /** This tag is new, or reads something else from now on. */
  begin({ index }: IndexedTag): void {
    this.#showWaiting(index)
  }

  /** The same tags are numbered by these from now on. */
  renumber(tags: readonly (IndexedTag | undefined)[]): void {
    this.#tags = tags
  }

  /** Resolves once every tag has got a value after this call, or when another call replaces this one. */
  awaitSnapshot(): Promise<void> {
    this.#endSnapshot?.()
    this.#endSnapshot = undefined
    this.#missing = Uint8Array.from(this.#tags, (tag) => (tag ? 1 : 0))
    this.#missingCount = this.#tags.filter((tag) => tag).length
    return new Promise((resolve) => {
      if (this.#missingCount === 0) resolve()
      else this.#endSnapshot = resolve
    })
  }

  /** Shows every row of the batch. A value that cannot be shown costs that value alone. */
  apply(batch: SampleBatch): void {
    const values = new BatchValues(batch)
    for (let row = 0; row < batch.count; row++) {
      const tag = batch.tag[row] as TagIndex
      try {
        this.#show(tag, row, batch, values)
      } catch (error) {
        this.#failed(tag, error)
      }
      if (this.#missing[tag] === 1) this.#arrived(tag)
    }
  }

  /**
   * The engine is gone: every value that is not Bad stays with its time, and is Uncertain from now on
   * (OPC 10000-8 §6.3: UncertainNoCommunicationLastUsableValue).
   */
  markUnheard(): void {
    const uncertain = this.#statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    const now = this.#clock.now()
    for (const [tag, variable] of this.#variables.entries()) {
      if (!variable) continue
      try {
        showUnheard(variable, uncertain, now)
      } catch (error) {
        this.#failed(tag, error)
      }
    }
  }

  #show(tag: TagIndex, row: number, batch: SampleBatch, values: BatchValues): void {
    if (tag >= this.#tags.length) throw new RangeError(`The engine sent tag ${tag}, of ${this.#tags.length}`)
    const variable = this.#variables[tag]
    const indexed = this.#tags[tag]
    // The last word on a tag that has just left the plant.
    if (!variable || !indexed) return
    const status = batch.status[row] as number
    const serverTime = batch.serverTime[row] as number
    const value = isBad(status) ? nullVariant() : values.at(row, indexed.tag)
    const shown = Number.isNaN(serverTime) ? this.#clock.now() : serverTime
    // OPC 10000-4 §7.11.3: without a time of the source, that of a Bad status is when it was recognised.
    const sourceTime = batch.sourceTime[row] as number
    setDataValue(
      variable,
      makeDataValue(value, this.#statuses.of(status), Number.isNaN(sourceTime) ? shown : sourceTime, shown),
    )
  }

  #showWaiting(tag: TagIndex): void {
    const variable = this.#variables[tag]
    if (!variable) return
    const now = this.#clock.now()
    const waiting = this.#statuses.of(StatusCode.BadWaitingForInitialData)
    setDataValue(variable, makeDataValue(nullVariant(), waiting, now, now))
  }

  #arrived(tag: TagIndex): void {
    this.#missing[tag] = 0
    this.#missingCount--
    if (this.#missingCount > 0) return
    this.#endSnapshot?.()
    this.#endSnapshot = undefined
  }

  /** Logged once: the same fault may come with every value. */
  #failed(tag: TagIndex, error: unknown): void {
    this.failures++
    if (this.failures > 1) return
    this.#log.error(
      { tag: this.#tags[tag]?.id ?? tag, cause: describeError(error) },
      'A value could not be shown to OPC UA clients and is left as it was; further ones are only counted',
    )
  }
}
