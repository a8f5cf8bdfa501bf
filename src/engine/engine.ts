import type { MessagePort } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { ChangeFeed } from '../core/change-feed.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { Pipeline } from '../core/pipeline.ts'
import type { Plant } from '../core/plant.ts'
import { TagIndexing } from '../core/tag-index.ts'
import type { EngineHealth, FromEngine, StoreHealth, ToEngine } from '../link/contract.ts'
import { Link } from '../link/link.ts'
import { SourceSupervisor, type SourceTypes } from '../sources/supervisor.ts'
import { HistoryRetention } from '../store/history-retention.ts'
import { HistoryWriter } from '../store/history-writer.ts'
import { LastValues } from '../store/last-values.ts'
import { registerSeries } from '../store/series.ts'

/** Changes are collected this long before they cross a link: it bounds the price of batches, and the latency. */
const COLLECT_FOR: Milliseconds = 10
const HEALTH_EVERY: Milliseconds = 250
/** Counters move without a change of state; they are told this often. */
const COUNTERS_EVERY: Milliseconds = 5_000

export interface EngineParts {
  readonly plant: Plant
  readonly types: SourceTypes
  readonly database: Database.Database
  readonly history: HistorySettings
  readonly clock: Clock
  readonly log: Logger
  readonly secret: (name: string) => string | undefined
  readonly random: () => number
}

export interface HistorySettings {
  /** Age at which samples are deleted. */
  readonly keepMs: Milliseconds
}

interface Subscriber {
  readonly link: Link<FromEngine, ToEngine>
  readonly feed: ChangeFeed
  readonly end: () => void
}

/** The only owner of values: sources → pipeline → store and subscribers. */
export class Engine {
  readonly #parts: EngineParts
  readonly #pipeline: Pipeline
  readonly #sources: SourceSupervisor
  readonly #lastValues: LastValues
  readonly #history: HistoryWriter
  readonly #retention: HistoryRetention
  readonly #subscribers = new Set<Subscriber>()
  readonly #startedAt: number
  #timers: (() => void)[] = []
  #merged = 0
  #healthChanged = true

  constructor(parts: EngineParts) {
    this.#parts = parts
    const { plant, clock, log, database } = parts
    this.#startedAt = clock.now()
    const indexing = new TagIndexing(plant)
    this.#pipeline = new Pipeline(indexing.tags, clock)
    const series = registerSeries(database, indexing.tags)
    this.#lastValues = new LastValues({ database, pipeline: this.#pipeline, tags: indexing.tags, series, clock, log })
    this.#history = new HistoryWriter({ database, series, clock, log })
    const devices = plant.sources.flatMap((source) => source.devices.map(({ key }) => key))
    this.#retention = new HistoryRetention({ database, series, devices, keepMs: parts.history.keepMs, clock, log })
    this.#sources = new SourceSupervisor({
      sources: plant.sources,
      types: parts.types,
      indexing,
      sink: this.#pipeline,
      memory: this.#history,
      clock,
      log,
      secret: parts.secret,
      random: parts.random,
      onHealthChange: () => {
        this.#healthChanged = true
      },
    })
  }

  /** Resolves when every source has begun. */
  async start(): Promise<void> {
    const restored = this.#lastValues.restore()
    this.#parts.log.info({ tags: this.#pipeline.table.size, restored }, 'engine starts with the last known values')
    this.#pipeline.recordTo(this.#history)
    this.#history.start()
    this.#retention.start()
    this.#lastValues.start()
    this.#pipeline.start()
    const { clock } = this.#parts
    this.#timers = [
      clock.every(HEALTH_EVERY, () => this.#tellHealth()),
      clock.every(COUNTERS_EVERY, () => {
        this.#healthChanged = true
      }),
    ]
    await this.#sources.start()
  }

  /** Sources first, so that nothing new comes; then what came is written; then the readers are left. */
  async stop(): Promise<void> {
    await this.#sources.stop()
    this.#pipeline.stop()
    this.#flush()
    await this.#retention.stop()
    await this.#history.stop()
    await this.#lastValues.stop()
    for (const end of this.#timers) end()
    this.#timers = []
    for (const { link, end } of this.#subscribers) {
      end()
      link.close()
    }
    this.#parts.database.close()
  }

  /** Serves a room at the other end of `port` until it is gone. */
  attach(port: MessagePort): void {
    const link: Link<FromEngine, ToEngine> = new Link<FromEngine, ToEngine>({
      port,
      clock: this.#parts.clock,
      serves: {
        plant: () => this.#parts.plant,
        health: () => this.health(),
        subscribe: () => {
          this.#subscribe(link)
          return null
        },
      },
      hears: {},
      onEnd: () => this.#leave(link),
      onCredit: () => this.#flush(),
    })
  }

  health(): EngineHealth {
    const merging = [...this.#subscribers].reduce((sum, { feed }) => sum + feed.merged, 0)
    return {
      startedAt: this.#startedAt,
      tags: this.#pipeline.table.size,
      sources: this.#sources.health(),
      merged: this.#merged + merging,
      store: this.#storeHealth(),
    }
  }

  #storeHealth(): StoreHealth {
    const { ok, reason, lastCommitAt } = this.#lastValues.health
    const history = this.#history.health
    const reasons = [reason, history.reason].filter((each) => each !== '')
    return { ok: ok && history.ok, reason: reasons.join('; '), lastCommitAt, history }
  }

  #subscribe(link: Link<FromEngine, ToEngine>): void {
    this.#leave(link)
    const feed = new ChangeFeed(this.#pipeline.table, {
      send: (batch) => link.sendBatch(batch),
      hasCredit: () => link.hasCredit,
      due: () => this.#parts.clock.after(COLLECT_FOR, () => feed.flush()),
    })
    const unlisten = this.#pipeline.listen(feed)
    this.#subscribers.add({
      link,
      feed,
      end: () => {
        unlisten()
        this.#merged += feed.merged
      },
    })
    link.tell('sources', this.#sources.health())
    feed.flush()
  }

  #leave(link: Link<FromEngine, ToEngine>): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.link !== link) continue
      subscriber.end()
      this.#subscribers.delete(subscriber)
    }
  }

  #flush(): void {
    for (const { feed } of this.#subscribers) feed.flush()
  }

  #tellHealth(): void {
    if (!this.#healthChanged) return
    this.#healthChanged = false
    const sources = this.#sources.health()
    for (const { link } of this.#subscribers) link.tell('sources', sources)
  }
}
