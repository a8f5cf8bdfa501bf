import type { Milliseconds } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import type { ChirpStackDeviceConfig } from '../../core/plant.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'
import { isAddressFault, parseAddress } from './address.ts'
import { type DeviceEvent, decodeEvent, type StreamItem } from './device-event.ts'
import { type EventKind, isEventKind, isIgnoredKind } from './event-fields.ts'
import { EventTag } from './event-tag.ts'
import { RecentEvents } from './recent-events.ts'
import { TagFaults } from './tag-faults.ts'

/** Events that only a frame of the device itself can cause. */
const spoken: ReadonlySet<EventKind> = new Set(['up', 'join', 'status'])

/**
 * Takes the events of one device into its tags, each once and with its own time. It outlives connections, since the
 * same events are replayed on each. Counts events, duplicates, late and malformed; each event is one of these.
 */
export class EventIntake {
  readonly #device: ChirpStackDeviceConfig
  readonly #context: Pick<SourceContext, 'clock' | 'log' | 'report' | 'sink'>
  readonly #tags: ReadonlyMap<EventKind, readonly EventTag[]>
  readonly #recent = new RecentEvents()
  /** A device that sends nonsense does so with every frame. */
  #malformedLogged = false
  #unknownLogged = false
  /** Tags whose last value was not usable. */
  readonly faults: TagFaults
  /** The last uplink with data came without `object`. */
  undecoded = false
  /** When the device last spoke, by its events' own times but never in the future. */
  lastSpoke: Milliseconds | undefined
  /** Why ChirpStack could not decode the last uplink; empty when it could. */
  codecFault = ''

  constructor({ device, tags }: DeviceTags<ChirpStackDeviceConfig>, context: SourceContext) {
    this.#device = device
    this.#context = context
    this.faults = new TagFaults(context)
    const byKind = new Map<EventKind, EventTag[]>()
    for (const indexed of tags) {
      const address = parseAddress(indexed.tag.address)
      if (indexed.disabled || isAddressFault(address) || address.event === 'device') continue
      const tag = new EventTag(indexed, address, this.faults, context)
      const group = byKind.get(address.event)
      if (group) group.push(tag)
      else byKind.set(address.event, [tag])
    }
    this.#tags = byKind
  }

  /** The tags that events of this kind carry. */
  tagsOf(kind: EventKind): readonly TagIndex[] {
    return (this.#tags.get(kind) ?? []).map(({ index }) => index)
  }

  /** Takes an event; answers the time of an uplink that was new, undefined for all else. Never throws. */
  take(item: StreamItem): Milliseconds | undefined {
    const kind = item.description
    if (!isEventKind(kind)) {
      if (!isIgnoredKind(kind)) this.#meetUnknown(kind)
      return undefined
    }
    const event = this.#decode(item)
    if (!event) return undefined
    const { report, clock } = this.#context
    if (!this.#recent.add(item, event)) {
      report.count('duplicates')
      return undefined
    }
    report.count(this.#give(kind, event) ? 'events' : 'late')
    if (kind === 'log') this.#hearLog(event)
    if (kind === 'up' && event.body.object !== undefined) this.codecFault = ''
    if (kind === 'up') this.undecoded = event.body.object === undefined && hasData(event.body)
    if (spoken.has(kind)) {
      this.lastSpoke = Math.max(this.lastSpoke ?? Number.NEGATIVE_INFINITY, Math.min(event.time, clock.now()))
    }
    return kind === 'up' ? event.time : undefined
  }

  #decode(item: StreamItem): DeviceEvent | undefined {
    try {
      return decodeEvent(item)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      const { report, log } = this.#context
      report.count('malformed')
      if (!this.#malformedLogged) {
        const fields = { device: this.#device.key, devEui: this.#device.devEui, cause: describeError(error) }
        log.warn(fields, 'An event cannot be understood and is left out; further ones of this device are only counted')
      }
      this.#malformedLogged = true
      return undefined
    }
  }

  /** False where a tag knows something newer already. */
  #give(kind: EventKind, { body, time }: DeviceEvent): boolean {
    let inTime = true
    for (const tag of this.#tags.get(kind) ?? []) {
      if (!tag.take(body, time)) inTime = false
    }
    return inTime
  }

  #meetUnknown(kind: string): void {
    this.#context.report.count('unknownEvents')
    if (this.#unknownLogged) return
    this.#unknownLogged = true
    const fields = { device: this.#device.key, devEui: this.#device.devEui, event: kind.slice(0, 40) }
    this.#context.log.warn(fields, 'An event of a kind that is not known is left out; further ones are only counted')
  }

  /** An uplink whose codec failed comes without `object`; why is said in a log event before it. */
  #hearLog({ body }: DeviceEvent): void {
    if (body.code !== 'UPLINK_CODEC') return
    const said = typeof body.description === 'string' ? body.description.slice(0, 200) : ''
    if (this.codecFault === '') {
      const fields = { device: this.#device.key, devEui: this.#device.devEui, cause: said }
      this.#context.log.warn(fields, 'ChirpStack cannot decode an uplink: its values are missing until the codec can')
    }
    this.codecFault = `ChirpStack could not decode its last uplink: ${said}. Mend the codec of its device profile.`
  }
}

/** More than MAC commands, which have no decoded object either. */
const hasData = ({ data, fPort }: DeviceEvent['body']): boolean =>
  typeof data === 'string' && data !== '' && fPort !== 0
