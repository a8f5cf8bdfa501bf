import { ChangeFeed } from '../core/change-feed.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { CommandRecord } from '../core/command.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { PlantChange } from '../core/plant-change.ts'
import type { TraceParent } from '../core/tracing.ts'
import type { FromEngine, ToEngine } from '../link/contract.ts'
import type { Link } from '../link/link.ts'

/**
 * Batches cross a link at least this far apart, which bounds what many changes cost. The first change after a pause does
 * not wait, only for those that come with it.
 */
const BATCH_EVERY: Milliseconds = 10

/** Spans that go along with one batch; of more, the first are enough to follow. */
const MOST_TRACES = 8

type RoomLink = Link<FromEngine, ToEngine>

interface Subscriber {
  readonly feed: ChangeFeed
  readonly unlisten: () => void
  /** Spans within which values of the next batch were told. */
  traces: TraceParent[]
}

/** The rooms that are told of every change of a value, of the plant, of sources and of commands. */
export class Subscribers {
  readonly #pipeline: Pipeline
  readonly #clock: Clock
  readonly #log: Logger
  readonly #byLink = new Map<RoomLink, Subscriber>()
  #mergedBefore = 0

  constructor({ pipeline, clock, log }: { pipeline: Pipeline; clock: Clock; log: Logger }) {
    this.#pipeline = pipeline
    this.#clock = clock
    this.#log = log
  }

  /** Changes that were replaced by a later one before their room took them, of all rooms that there were. */
  get merged(): number {
    return [...this.#byLink.values()].reduce((sum, { feed }) => sum + feed.merged, this.#mergedBefore)
  }

  /** The room hears of everything from now on, whatever it has heard before. */
  add(link: RoomLink): void {
    this.remove(link)
    let flushedAt = Number.NEGATIVE_INFINITY
    const flush = () => {
      flushedAt = this.#clock.monotonic()
      feed.flush()
    }
    const feed = new ChangeFeed(this.#pipeline.table, {
      send: (batch) => {
        const traces = this.#byLink.get(link)?.traces.splice(0) ?? []
        return link.sendBatch(batch, traces)
      },
      wantsBatch: () => link.wantsBatch(),
      due: () => this.#clock.after(Math.max(0, flushedAt + BATCH_EVERY - this.#clock.monotonic()), flush),
    })
    this.#byLink.set(link, { feed, unlisten: this.#pipeline.listen(feed), traces: [] })
  }

  remove(link: RoomLink): void {
    const subscriber = this.#byLink.get(link)
    if (!subscriber) return
    this.#byLink.delete(link)
    subscriber.unlisten()
    subscriber.feed.end()
    this.#mergedBefore += subscriber.feed.merged
  }

  /** Sends what was collected, where there is room for it. */
  flush(): void {
    for (const { feed } of this.#byLink.values()) feed.flush()
  }

  /** Values that wait to be sent were told within this span. */
  carry(trace: TraceParent): void {
    for (const { traces } of this.#byLink.values()) if (traces.length < MOST_TRACES) traces.push(trace)
  }

  tellSources(news: FromEngine['tells']['sources']): void {
    for (const link of this.#byLink.keys()) link.tell('sources', news)
  }

  tellCommands(changed: readonly CommandRecord[]): void {
    for (const link of this.#byLink.keys()) link.tell('commands', changed)
  }

  /** Resolves when every room follows the change, so that none is behind by more than a step. */
  async follow(step: { readonly revision: number; readonly change: PlantChange }): Promise<void> {
    const told = [...this.#byLink.keys()].map(async (link) => {
      try {
        await link.ask('changePlant', step)
      } catch (error) {
        // Whoever missed a step takes every later number for another tag: it has to begin anew.
        this.#log.warn({ cause: describeError(error) }, 'A room did not follow a change of the plant')
        this.remove(link)
        link.close()
      }
    })
    await Promise.all(told)
  }

  end(): void {
    for (const link of [...this.#byLink.keys()]) {
      this.remove(link)
      link.close()
    }
  }
}
