import type { Clock } from '../core/clock.ts'
import type { DeviceMemory } from '../core/device-memory.ts'
import type { FrameTrace, SourceDiagnostics } from '../core/diagnostics.ts'
import { describeError } from '../core/errors.ts'
import type { PollingHealth, SourceHealth } from '../core/health.ts'
import type { Logger } from '../core/logger.ts'
import type { Plant, SourceConfig, SourceKind } from '../core/plant.ts'
import type { PlantChange } from '../core/plant-change.ts'
import type { SampleSink } from '../core/sample.ts'
import type { DeviceTags, TagIndexing } from '../core/tag-index.ts'
import type { TagValues } from '../core/tag-values.ts'
import { noTracing, type TraceParent, type Tracing } from '../core/tracing.ts'
import { ConnectLimiter } from './connect-limiter.ts'
import { HealthBook } from './health-book.ts'
import type { LineLane } from './line-lane.ts'
import type { CommandOutlet, CommandReport, DeviceOffers, Source, SourceType } from './source.ts'

/** The protocols there are, by the `kind` a configuration names. */
export type SourceTypes = { readonly [Kind in SourceKind]: SourceType<Extract<SourceConfig, { kind: Kind }>> }

export interface SupervisorParts {
  readonly types: SourceTypes
  readonly indexing: TagIndexing
  readonly sink: SampleSink
  readonly memory: DeviceMemory
  readonly values: TagValues
  readonly commands: CommandReport
  readonly clock: Clock
  readonly log: Logger
  readonly secret: (name: string) => string | undefined
  readonly random: () => number
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing
  /** As `SourceContext.told`. */
  readonly onTold?: (trace: TraceParent) => void
  readonly onHealthChange: () => void
  /** The source of this key has begun, and is another object than before. */
  readonly onBegun: (sourceKey: string) => void
  /** Where the source of this key says what devices it finds. */
  readonly offersOf: (sourceKey: string) => DeviceOffers
}

interface Supervised {
  readonly book: HealthBook
  readonly log: Logger
  /** Whatever is done to the source, one after another; never rejects. */
  busy: Promise<void>
  source?: Source
  /** Ends what goes on in its place. */
  aside?: AbortController
}

/** What is done with the line of a source while the source is off it. */
export interface Aside {
  /** The source as it runs. */
  readonly config: SourceConfig
  /** Why it does not run, for operators. */
  readonly reason: string
  /** Aborted when the source changes, or the gateway ends; `work` then ends at once. */
  readonly abort: AbortController
  /** Never rejects. */
  readonly work: () => Promise<void>
}

const HELD = 'The gateway is in safe mode: no source begins before it leaves it.'

/**
 * Makes the plant's sources, starts and stops them, and knows how each of them is. One that throws harms no other, and
 * none but those that change notice a change of the plant.
 */
export class SourceSupervisor {
  readonly #parts: SupervisorParts
  readonly #connects: ConnectLimiter
  readonly #sources = new Map<string, Supervised>()
  #stopped = false
  #held = false
  /** Between the two halves of a change of the plant. */
  #changing = false

  constructor(parts: SupervisorParts) {
    this.#parts = parts
    this.#connects = new ConnectLimiter(parts.clock)
  }

  /**
   * Starts every source; resolves when each has begun or was refused; never rejects. With `held` none begins before
   * `release`, and each says so.
   */
  async start(plant: Plant, held = false): Promise<void> {
    this.#held = held
    await Promise.all(plant.sources.map((config) => this.#add(config)))
  }

  /** What was held begins; resolves as `start` does. */
  async release(plant: Plant): Promise<void> {
    if (!this.#held) return
    this.#held = false
    const begins = plant.sources.map((config) => {
      const supervised = this.#sources.get(config.key)
      return supervised ? this.#begin(supervised, config) : this.#add(config)
    })
    await Promise.all(begins)
  }

  /**
   * First half of a change of the plant, before anything else follows it: resolves when no source says anything any
   * more of what changes or goes.
   */
  async withdraw(change: PlantChange): Promise<void> {
    this.#changing = true
    const gone = new Set([...change.removedDevices, ...change.devices.map(({ device }) => device.key)])
    const renewed = new Set([...change.removedSources, ...change.sources.map(({ key }) => key)])
    const ends = this.#touchedBy(change).map(async ([key, supervised]) => {
      supervised.aside?.abort('The source was changed.')
      await supervised.busy
      if (!renewed.has(key) && supervised.source?.live) supervised.source.live.withdraw(gone)
      else await this.#end(supervised)
    })
    await Promise.all(ends)
  }

  /** Second half, with the plant as it is now: resolves when every source that the change touches goes on. */
  async follow(change: PlantChange, plant: Plant): Promise<void> {
    this.#changing = false
    for (const key of change.removedSources) this.#sources.delete(key)
    const touched = new Set(this.#touchedBy(change).map(([key]) => key))
    const begins = plant.sources.map(async (config) => {
      const supervised = this.#sources.get(config.key)
      if (!supervised) return this.#add(config)
      if (!touched.has(config.key)) return
      supervised.book.follow(config)
      if (!supervised.source?.live) return this.#begin(supervised, config)
      supervised.source.live.follow(config, this.#devicesOf(config))
    })
    await Promise.all(begins)
  }

  /** The configuration of what sources find by themselves may have changed. */
  reconsider(): void {
    for (const { source } of this.#sources.values()) source?.reconsider?.()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const ends = [...this.#sources.values()].map((supervised) => {
      supervised.aside?.abort('The gateway ended.')
      return this.#end(supervised)
    })
    await Promise.all(ends)
  }

  /**
   * Takes a source off its line, does the work in its place, and lets the source begin again whatever becomes of it.
   * False, and nothing is done: the source does not run, is off its line already, or is changing just now.
   */
  setAside({ config, reason, abort, work }: Aside): boolean {
    const supervised = this.#sources.get(config.key)
    if (!supervised?.source || supervised.aside || this.#changing || this.#stopped) return false
    const { book, log } = supervised
    supervised.aside = abort
    void this.#end(supervised)
    supervised.busy = supervised.busy.then(async () => {
      try {
        book.state('stopped', reason)
        for (const { key, disabled } of config.devices) if (!disabled) book.device(key, 'unknown', reason)
        this.#parts.sink.lost(this.#devicesOf(config).flatMap(({ tags }) => tags.map(({ index }) => index)))
        await work()
      } catch (error) {
        log.error({ error: describeError(error) }, 'what was done in place of the source failed; it begins again')
      } finally {
        delete supervised.aside
      }
    })
    void this.#begin(supervised, config)
    return true
  }

  health(): SourceHealth[] {
    return [...this.#sources.values()].map(({ book, source }) => withPolling(book.health(), source?.polling?.()))
  }

  /** The same, but of the devices only those of which there is something new since this was asked last. */
  healthNews(): SourceHealth[] {
    return [...this.#sources.values()].map(({ book }) => book.news())
  }

  /** Every source, or the one of this key, with how its requests fare. */
  diagnostics(sourceKey?: string): SourceDiagnostics[] {
    return [...this.#sources.values()]
      .map(({ book, source }) => {
        const { devices, ...health } = withPolling(book.health(), source?.polling?.())
        const { devices: onLine, ...line } = source?.diagnose?.() ?? {}
        return { ...health, ...line, devices: devices.map((device) => ({ ...device, ...onLine?.get(device.key) })) }
      })
      .filter(({ key }) => sourceKey === undefined || key === sourceKey)
  }

  /** Requests between the polls of a source; undefined where it does not poll, or does not run. */
  laneOf(sourceKey: string): LineLane | undefined {
    return this.#sources.get(sourceKey)?.source?.lane
  }

  /** The way of commands to the devices of a source; undefined while it does not run. */
  outletOf(sourceKey: string): { readonly outlet: CommandOutlet | undefined } | undefined {
    const source = this.#sources.get(sourceKey)?.source
    return source && { outlet: source.outlet }
  }

  /** What went over the source's connection after the entry `after`; undefined where nothing is traced. */
  frames(sourceKey: string, after: number): FrameTrace | undefined {
    const traced = this.#sources.get(sourceKey)?.source?.trace?.(after)
    return traced && { source: sourceKey, ...traced }
  }

  /** The sources there are that the change takes something from, or gives something to. */
  #touchedBy(change: PlantChange): [string, Supervised][] {
    const gone = new Set([...change.removedDevices, ...change.devices.map(({ device }) => device.key)])
    const named = new Set([
      ...change.removedSources,
      ...change.sources.map(({ key }) => key),
      ...change.devices.map(({ source }) => source),
    ])
    return [...this.#sources].filter(([key, { book }]) => named.has(key) || book.knowsAny(gone))
  }

  #add(config: SourceConfig): Promise<void> {
    const { clock, log, onHealthChange } = this.#parts
    const supervised: Supervised = {
      book: new HealthBook(config, clock, onHealthChange),
      log: log.child({ source: config.key }),
      busy: Promise.resolve(),
    }
    this.#sources.set(config.key, supervised)
    return this.#begin(supervised, config)
  }

  #begin(supervised: Supervised, config: SourceConfig): Promise<void> {
    const { types, sink, memory, values, commands, clock, secret, random, tracing = noTracing } = this.#parts
    const told = this.#parts.onTold ?? (() => undefined)
    const { book, log } = supervised
    const devices = this.#devicesOf(config)
    supervised.busy = supervised.busy.then(async () => {
      if (this.#stopped) return
      if (this.#held) {
        book.state('stopped', HELD)
        sink.lost(devices.flatMap(({ tags }) => tags.map(({ index }) => index)))
        return
      }
      try {
        // The kind chose the type, so the configuration and its devices are of that type.
        const type = types[config.kind] as SourceType
        const offers = this.#parts.offersOf(config.key)
        const connects = this.#connects
        const report = { report: book, connects, offers, values, commands }
        const context = { clock, log, sink, memory, secret, random, tracing, told, ...report }
        const source = await type.create(config, devices, context)
        supervised.source = source
        if (this.#stopped) return
        // It goes on long after what caused it to begin.
        tracing.within(undefined, () => source.start())
        this.#parts.onBegun(config.key)
      } catch (error) {
        book.state('refused', `cannot be started: ${describeError(error)}`)
        sink.lost(devices.flatMap(({ tags }) => tags.map(({ index }) => index)))
        log.error({ error: describeError(error) }, 'source cannot be started; the others go on')
      }
    })
    return supervised.busy
  }

  #devicesOf(config: SourceConfig): DeviceTags<SourceConfig['devices'][number]>[] {
    const { indexing } = this.#parts
    return config.devices.map((device) => {
      // What is made of the samples of another tag is not for the source to read.
      return { device, tags: indexing.ofDevice(device.key).filter(({ tag }) => !tag.aggregated) }
    })
  }

  #end(supervised: Supervised): Promise<void> {
    supervised.busy = supervised.busy.then(async () => {
      const { source, log } = supervised
      delete supervised.source
      try {
        await source?.stop()
      } catch (error) {
        log.error({ error: describeError(error) }, 'source did not stop in order')
      }
    })
    return supervised.busy
  }
}

function withPolling(health: SourceHealth, polling: PollingHealth | undefined): SourceHealth {
  if (!polling) return health
  const { breakers, ...line } = polling
  const devices = health.devices.map((device) => ({ ...device, breaker: breakers[device.key] }))
  return { ...health, polling: line, devices }
}
