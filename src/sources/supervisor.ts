import type { Clock } from '../core/clock.ts'
import type { DeviceMemory } from '../core/device-memory.ts'
import { describeError } from '../core/errors.ts'
import type { SourceHealth } from '../core/health.ts'
import type { Logger } from '../core/logger.ts'
import type { SourceConfig, SourceKind } from '../core/plant.ts'
import type { SampleSink } from '../core/sample.ts'
import type { DeviceTags, TagIndexing } from '../core/tag-index.ts'
import { HealthBook } from './health-book.ts'
import type { Source, SourceType } from './source.ts'

/** The protocols there are, by the `kind` a configuration names. */
export type SourceTypes = { readonly [Kind in SourceKind]: SourceType<Extract<SourceConfig, { kind: Kind }>> }

interface Supervised {
  readonly create: () => Promise<Source>
  readonly book: HealthBook
  readonly tags: readonly number[]
  readonly log: Logger
  source?: Source
}

/** Makes the plant's sources, starts and stops them, and knows how each of them is. One that throws harms no other. */
export class SourceSupervisor {
  readonly #sources: readonly Supervised[]
  readonly #sink: SampleSink
  #stopped = false

  constructor(parts: {
    sources: readonly SourceConfig[]
    types: SourceTypes
    indexing: TagIndexing
    sink: SampleSink
    memory: DeviceMemory
    clock: Clock
    log: Logger
    secret: (name: string) => string | undefined
    random: () => number
    onHealthChange: () => void
  }) {
    this.#sink = parts.sink
    this.#sources = parts.sources.map((config) => {
      const log = parts.log.child({ source: config.key })
      const book = new HealthBook(config, parts.clock, parts.onHealthChange)
      const devices = config.devices.map(
        (device): DeviceTags<typeof device> => ({
          device,
          tags: parts.indexing.ofDevice(device.key),
        }),
      )
      const { clock, sink, memory, secret, random } = parts
      // The kind chose the type, so the configuration and its devices are of that type.
      const type = parts.types[config.kind] as SourceType
      const context = { clock, log, sink, memory, secret, random, report: book }
      const tags = devices.flatMap((device) => device.tags.map(({ index }) => index))
      return { create: () => type.create(config, devices, context), book, log, tags }
    })
  }

  /** Resolves when every source has begun or was refused; never rejects. */
  async start(): Promise<void> {
    await Promise.all(this.#sources.map((supervised) => this.#begin(supervised)))
  }

  async #begin(supervised: Supervised): Promise<void> {
    const { create, book, tags, log } = supervised
    try {
      supervised.source ??= await create()
      if (!this.#stopped) supervised.source.start()
    } catch (error) {
      book.state('refused', `cannot be started: ${describeError(error)}`)
      this.#sink.lost(tags)
      log.error({ error: describeError(error) }, 'source cannot be started; the others go on')
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const ends = await Promise.allSettled(this.#sources.map(async ({ source }) => source?.stop()))
    ends.forEach((end, position) => {
      if (end.status === 'rejected') {
        this.#sources[position]?.log.error({ error: describeError(end.reason) }, 'source did not stop in order')
      }
    })
  }

  health(): SourceHealth[] {
    return this.#sources.map(({ book }) => book.health())
  }
}
