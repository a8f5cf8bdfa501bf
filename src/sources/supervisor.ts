import type { Clock } from '../core/clock.ts'
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
  readonly source: Source
  readonly book: HealthBook
  readonly tags: readonly number[]
  readonly log: Logger
}

/** Makes the plant's sources, starts and stops them, and knows how each of them is. One that throws harms no other. */
export class SourceSupervisor {
  readonly #sources: readonly Supervised[]
  readonly #sink: SampleSink

  constructor(parts: {
    sources: readonly SourceConfig[]
    types: SourceTypes
    indexing: TagIndexing
    sink: SampleSink
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
      const { clock, sink, secret, random } = parts
      // The kind chose the type, so the configuration and its devices are of that type.
      const type = parts.types[config.kind] as SourceType
      const source = type.create(config, devices, { clock, log, sink, secret, random, report: book })
      return { source, book, log, tags: devices.flatMap(({ tags }) => tags.map(({ index }) => index)) }
    })
  }

  start(): void {
    for (const { source, book, tags, log } of this.#sources) {
      try {
        source.start()
      } catch (error) {
        book.state('refused', `cannot be started: ${describeError(error)}`)
        this.#sink.lost(tags)
        log.error({ error: describeError(error) }, 'source cannot be started; the others go on')
      }
    }
  }

  async stop(): Promise<void> {
    const ends = await Promise.allSettled(this.#sources.map(({ source }) => source.stop()))
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
