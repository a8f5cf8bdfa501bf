import type { Clock } from '../../src/core/clock.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import type { DeviceMemory } from '../../src/core/device-memory.ts'
import type { DeviceState, SourceCounter, SourceState } from '../../src/core/health.ts'
import { type Logger, silentLogger } from '../../src/core/logger.ts'
import type { SampleSink } from '../../src/core/sample.ts'
import { fitTag } from '../../src/core/states.ts'
import { StatusCode, statusName } from '../../src/core/status-code.ts'
import type { IndexedTag, TagIndex } from '../../src/core/tag-index.ts'
import { ConnectLimiter } from '../../src/sources/connect-limiter.ts'
import type { SourceContext } from '../../src/sources/source.ts'
import { CommandNews } from './command-news.ts'
import { DeviceMemories } from './device-memories.ts'
import { TakenOffers } from './device-offers.ts'
import { noValues } from './no-values.ts'

/** One thing that the sink was told of a tag, by its id. */
export interface Told {
  readonly tag: string
  readonly what: 'event' | 'polled' | 'late' | 'failed' | 'lost' | 'restored'
  readonly value?: unknown
  readonly status?: string
  readonly time?: number
}

/** A sink that remembers everything a source of events gave it, and refuses late events as the pipeline does. */
export class EventSink implements SampleSink {
  readonly told: Told[] = []
  readonly expected = new Map<string, number>()
  readonly #tags: readonly IndexedTag[]
  readonly #newest = new Map<TagIndex, number>()

  constructor(tags: readonly IndexedTag[]) {
    this.#tags = tags
  }

  polled(tag: TagIndex, value: TagValue): void {
    const fit = fitTag(this.#tags[tag]?.tag ?? { type: 'Double' }, value)
    if (fit !== undefined) this.told.push({ tag: this.#id(tag), what: 'polled', value: fit })
    else this.#fail(tag, StatusCode.BadDecodingError, Number.NaN)
  }

  event(tag: TagIndex, value: unknown, sourceTime: number, doubt?: number): boolean {
    if (sourceTime < (this.#newest.get(tag) ?? Number.NEGATIVE_INFINITY)) {
      this.told.push({ tag: this.#id(tag), what: 'late', value, time: sourceTime })
      return false
    }
    this.#newest.set(tag, sourceTime)
    const fit = fitTag(this.#tags[tag]?.tag ?? { type: 'Double' }, value)
    const doubted = doubt === undefined ? {} : { status: statusName(doubt) }
    if (fit !== undefined) {
      this.told.push({ tag: this.#id(tag), what: 'event', value: fit, time: sourceTime, ...doubted })
    } else this.#fail(tag, StatusCode.BadDecodingError, sourceTime)
    return true
  }

  failed(tag: TagIndex, status: number, sourceTime = Number.NaN): void {
    this.#fail(tag, status, sourceTime)
  }

  lost(tags: readonly TagIndex[]): void {
    for (const tag of tags) this.told.push({ tag: this.#id(tag), what: 'lost' })
  }

  restored(tags: readonly TagIndex[]): void {
    for (const tag of tags) this.told.push({ tag: this.#id(tag), what: 'restored' })
  }

  expectEvery(tags: readonly TagIndex[], staleAfter: number): void {
    for (const tag of tags) this.expected.set(this.#id(tag), staleAfter)
  }

  /** The values of a tag in the order in which they came. */
  values(tag: string): TagValue[] {
    return this.told.filter((each) => each.tag === tag && each.what === 'event').map(({ value }) => value as TagValue)
  }

  /** What was said last of a tag: its value, or the name of its status, or what became of its connection. */
  last(tag: string): unknown {
    const last = this.told.findLast((each) => each.tag === tag)
    return last?.what === 'event' || last?.what === 'polled' ? last.value : (last?.status ?? last?.what)
  }

  #fail(tag: TagIndex, status: number, time: number): void {
    this.told.push({ tag: this.#id(tag), what: 'failed', status: statusName(status), time })
  }

  #id(tag: TagIndex): string {
    return this.#tags[tag]?.id ?? `tag ${tag}`
  }
}

/** The context of a ChirpStack source under test, with everything it said. */
export class EventContext implements SourceContext {
  readonly offers = new TakenOffers()
  readonly values = noValues
  readonly commands = new CommandNews()
  readonly connects: ConnectLimiter
  readonly clock: Clock
  readonly sink: EventSink
  readonly memory: DeviceMemory
  readonly log: Logger
  /** What `log` was told, with level, as JSON. */
  readonly lines: string[] = []
  readonly random = () => 0.5
  readonly states: { state: SourceState; reason: string }[] = []
  readonly devices = new Map<string, { state: DeviceState; reason: string }>()
  readonly counters = new Map<SourceCounter, number>()
  /** Environment variables by name. */
  readonly secrets = new Map<string, string>()

  /** Missing uplinks, by device. */
  readonly lost = new Map<string, number>()

  constructor(clock: Clock, tags: readonly IndexedTag[], memory: DeviceMemory = new DeviceMemories()) {
    this.memory = memory
    this.clock = clock
    this.connects = new ConnectLimiter(clock)
    this.sink = new EventSink(tags)
    const write = (level: string) => (fields: object, message: string) =>
      void this.lines.push(JSON.stringify({ level, message, ...fields }))
    this.log = {
      ...silentLogger,
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    }
  }

  readonly secret = (name: string) => this.secrets.get(name)

  readonly report = {
    state: (state: SourceState, reason = '') => void this.states.push({ state, reason }),
    device: (key: string, state: DeviceState, reason = '') => void this.devices.set(key, { state, reason }),
    count: (counter: SourceCounter, by = 1) => void this.counters.set(counter, this.counted(counter) + by),
    lostUplinks: (key: string, uplinks: number) => void this.lost.set(key, uplinks),
  }

  get state(): SourceState | undefined {
    return this.states.at(-1)?.state
  }

  get reason(): string {
    return this.states.at(-1)?.reason ?? ''
  }

  counted(counter: SourceCounter): number {
    return this.counters.get(counter) ?? 0
  }
}
