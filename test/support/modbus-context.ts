import type { Clock } from '../../src/core/clock.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import type { DeviceState, SourceCounter, SourceState } from '../../src/core/health.ts'
import { silentLogger } from '../../src/core/logger.ts'
import type { SampleSink } from '../../src/core/sample.ts'
import { StatusCode, statusName } from '../../src/core/status-code.ts'
import type { TagIndex } from '../../src/core/tag-index.ts'
import { ConnectLimiter } from '../../src/sources/connect-limiter.ts'
import type { SourceContext } from '../../src/sources/source.ts'
import { CommandNews } from './command-news.ts'
import { DeviceMemories } from './device-memories.ts'
import { TakenOffers } from './device-offers.ts'
import { noValues } from './no-values.ts'

/** What a tag was last given, as a reader of the plant would see it. */
export interface Seen {
  readonly value: TagValue | undefined
  readonly status: string
}

/** A sink that remembers everything a polled source gave it. */
export class RecordingSink implements SampleSink {
  readonly last = new Map<TagIndex, Seen>()
  /** Every value ever polled, by tag. */
  readonly polls = new Map<TagIndex, TagValue[]>()
  readonly losses: (readonly TagIndex[])[] = []
  readonly expected = new Map<TagIndex, number>()

  polled(tag: TagIndex, value: TagValue): void {
    this.last.set(tag, { value, status: 'Good' })
    const polls = this.polls.get(tag)
    if (polls) polls.push(value)
    else this.polls.set(tag, [value])
  }

  event(): boolean {
    throw new Error('a polled source gives no events')
  }

  failed(tag: TagIndex, status: number): void {
    this.last.set(tag, { value: undefined, status: statusName(status) })
  }

  lost(tags: readonly TagIndex[]): void {
    this.losses.push([...tags])
    for (const tag of tags) {
      const value = this.last.get(tag)?.value
      const status =
        value === undefined ? 'BadNoCommunication' : statusName(StatusCode.UncertainNoCommunicationLastUsableValue)
      this.last.set(tag, { value, status })
    }
  }

  restored(): void {
    throw new Error('polled tags need no restoring')
  }

  expectEvery(tags: readonly TagIndex[], staleAfter: number): void {
    for (const tag of tags) this.expected.set(tag, staleAfter)
  }
}

/** The context of a source under test, with everything it said. */
export class RecordingContext implements SourceContext {
  readonly offers = new TakenOffers()
  readonly values = noValues
  readonly commands = new CommandNews()
  readonly connects: ConnectLimiter
  readonly clock: Clock
  readonly log = silentLogger
  readonly sink = new RecordingSink()
  readonly memory = new DeviceMemories()
  readonly random = () => 0.5
  readonly states: { state: SourceState; reason: string }[] = []
  readonly devices = new Map<string, { state: DeviceState; reason: string }>()
  readonly counters = new Map<SourceCounter, number>()

  constructor(clock: Clock) {
    this.clock = clock
    this.connects = new ConnectLimiter(clock)
  }

  readonly secret = () => undefined

  readonly report = {
    state: (state: SourceState, reason = '') => void this.states.push({ state, reason }),
    device: (key: string, state: DeviceState, reason = '') => void this.devices.set(key, { state, reason }),
    count: (counter: SourceCounter, by = 1) => void this.counters.set(counter, this.counted(counter) + by),
    lostUplinks: (key: string) => {
      throw new Error(`${key} has no uplinks`)
    },
  }

  get state(): SourceState | undefined {
    return this.states.at(-1)?.state
  }

  counted(counter: SourceCounter): number {
    return this.counters.get(counter) ?? 0
  }
}
