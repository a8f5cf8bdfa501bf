import type { Milliseconds } from '../../core/clock.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'
import { isAddressFault, isPolledAddress, parseAddress } from './address.ts'
import { type DeviceField, isDeviceField } from './event-fields.ts'

/** The age is told this often at most, and at least, while nothing else happens. */
const SHORTEST: Milliseconds = 10_000
const LONGEST: Milliseconds = 60_000
/** Of its uplink interval, an age that moved less is the same. */
const TOLERANCE = 0.05

/** What is known of a device at some moment. */
export interface KnownDevice {
  readonly lastHeard: Milliseconds | undefined
  /** How often it reports. */
  readonly interval: Milliseconds | undefined
}

/**
 * The tags of a device whose values the gateway itself knows: `device.age` and `device.uplinkInterval` in seconds,
 * `device.lastSeen` as ISO 8601 text where the tag is a String, else as a DateTime or milliseconds of the epoch.
 */
export class DeviceFacts {
  readonly #context: Pick<SourceContext, 'clock' | 'sink'>
  readonly #tags: readonly { readonly field: DeviceField; readonly indexed: IndexedTag }[]
  #told: { readonly lastHeard: Milliseconds; readonly at: Milliseconds } | undefined
  #toldInterval: Milliseconds | undefined

  constructor(tags: readonly IndexedTag[], context: Pick<SourceContext, 'clock' | 'sink'>) {
    this.#context = context
    this.#tags = tags.flatMap((indexed) => {
      const address = parseAddress(indexed.tag.address)
      if (indexed.disabled || isAddressFault(address) || isPolledAddress(address)) return []
      if (address.event !== 'device') return []
      const [field] = address.path
      return isDeviceField(field) ? [{ field, indexed }] : []
    })
  }

  /** The next `tell` tells everything, whatever was told before. */
  forget(): void {
    this.#told = undefined
    this.#toldInterval = undefined
  }

  /** Tells what moved; called whenever something happened, and now and then because nothing did. */
  tell({ lastHeard, interval }: KnownDevice): void {
    if (this.#tags.length === 0) return
    const { clock } = this.#context
    const now = clock.now()
    if (interval !== undefined && interval !== this.#toldInterval) {
      this.#toldInterval = interval
      this.#give('uplinkInterval', (type) => inSeconds(interval, type), now)
    }
    if (lastHeard === undefined) return
    const spoke = lastHeard !== this.#told?.lastHeard
    if (spoke) this.#give('lastSeen', (type) => (type === 'String' ? isoTime(lastHeard) : lastHeard), lastHeard)
    const step = Math.min(LONGEST, Math.max(SHORTEST, TOLERANCE * (interval ?? 0)))
    if (!spoke && Math.abs(now - (this.#told?.at ?? 0)) < step) return
    this.#told = { lastHeard, at: now }
    this.#give('age', (type) => inSeconds(now - lastHeard, type), now)
  }

  #give(field: DeviceField, valueAs: (type: string) => unknown, time: Milliseconds): void {
    for (const { field: wanted, indexed } of this.#tags) {
      if (wanted === field) this.#context.sink.event(indexed.index, valueAs(indexed.tag.type), time)
    }
  }
}

const isoTime = (time: Milliseconds): string => new Date(time).toISOString()

/** Whole seconds where the tag holds nothing finer: ages and intervals are not known any better. */
function inSeconds(duration: Milliseconds, type: string): number {
  const seconds = Math.max(0, duration) / 1_000
  return type === 'Double' || type === 'Float' ? seconds : Math.floor(seconds)
}
