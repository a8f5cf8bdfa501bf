import type { Milliseconds } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import type { ChirpStackDeviceConfig } from '../../core/plant.ts'
import { CLOCK_TOLERANCE } from '../../core/sample.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'
import { isAddressFault, isPolledAddress, parseAddress } from './address.ts'
import { type DeviceEvent, decodeEvent, type StreamItem } from './device-event.ts'
import { type EventKind, isEventKind, isIgnoredKind } from './event-fields.ts'
import { readEventMemory, writeEventMemory } from './event-memory.ts'
import { EventTag } from './event-tag.ts'
import { FrameCounter } from './frame-counter.ts'
import { RecentEvents } from './recent-events.ts'
import { TagFaults } from './tag-faults.ts'

/** Who else hears of a device's events. */
export interface EventListener {
  /** Each uplink that was not known before. */
  readonly uplink?: (event: DeviceEvent) => void
  /** Every event that can be read, known ones too. */
  readonly any?: (kind: EventKind, event: DeviceEvent) => void
}

/** Events that only a frame of the device itself can cause. */
const spoken: ReadonlySet<EventKind> = new Set(['up', 'join', 'status'])

/**
 * Takes the events of one device into its tags, each once and with its own time. It outlives connections, since the
 * same events are replayed on each, and what it knows of them outlives the process, written together with the values.
 * Counts events, duplicates, late and malformed, of which each event is one, and the uplinks that are missing.
 */
export class EventIntake {
  readonly #device: ChirpStackDeviceConfig
  readonly #context: Pick<SourceContext, 'clock' | 'log' | 'memory' | 'report' | 'sink' | 'tracing' | 'told'>
  readonly #tags: ReadonlyMap<EventKind, readonly EventTag[]>
  readonly #listener: EventListener
  readonly #recent: RecentEvents
  readonly #frames: FrameCounter
  /** A device that sends nonsense does so with every frame. */
  #malformedLogged = false
  #unknownLogged = false
  /** Tags whose last value was not usable. */
  readonly faults: TagFaults
  /** The last uplink with data came without `object`. */
  undecoded = false
  #codecFault = ''
  #refusal = ''
  /** The time given last to an event that came with one in the future. */
  #invented: Milliseconds = 0
  /** When the device last spoke, by its events' own times but never in the future. */
  lastSpoke: Milliseconds | undefined

  constructor(
    { device, tags }: DeviceTags<ChirpStackDeviceConfig>,
    context: SourceContext,
    listener: EventListener = {},
  ) {
    this.#listener = listener
    this.#device = device
    this.#context = context
    this.faults = new TagFaults(context)
    const byKind = new Map<EventKind, EventTag[]>()
    for (const indexed of tags) {
      const address = parseAddress(indexed.tag.address)
      if (indexed.disabled || isAddressFault(address) || isPolledAddress(address) || address.event === 'device')
        continue
      const tag = new EventTag(indexed, address, this.faults, context)
      const group = byKind.get(address.event)
      if (group) group.push(tag)
      else byKind.set(address.event, [tag])
    }
    this.#tags = byKind
    const memory = readEventMemory(context.memory.recall(device.key), device.devEui)
    this.#recent = new RecentEvents(memory?.recent)
    this.#frames = new FrameCounter(memory?.frames)
    this.#tellLost()
  }

  /** Why ChirpStack could not decode the last uplink, or did not take it; empty when it did. */
  get fault(): string {
    return this.#refusal || this.#codecFault
  }

  /** The tags that events of this kind carry. */
  tagsOf(kind: EventKind): readonly TagIndex[] {
    return (this.#tags.get(kind) ?? []).map(({ index }) => index)
  }

  /** Takes an event; answers the time of an uplink of which this run had not heard, undefined for all else. Never throws. */
  take(item: StreamItem): Milliseconds | undefined {
    const kind = item.description
    if (!isEventKind(kind)) {
      if (!isIgnoredKind(kind)) this.#meetUnknown(kind)
      return undefined
    }
    const { tracing, told } = this.#context
    const span = tracing?.begin('event', `ChirpStack event ${kind}`)
    if (!span) return this.#takeKnown(kind, item)
    span.set({ 'penstock.device': this.#device.key })
    const time = tracing?.within(span.trace, () => this.#takeKnown(kind, item))
    span.end()
    told?.(span.trace)
    return time
  }

  #takeKnown(kind: EventKind, item: StreamItem): Milliseconds | undefined {
    const event = this.#decode(item)
    if (!event) return undefined
    this.#listener.any?.(kind, event)
    const { report } = this.#context
    const acquaintance = this.#recent.meet(item, event)
    const { fCnt } = event.body
    this.#context.log.debug({ device: this.#device.key, event: kind, fCnt, is: acquaintance.is }, 'An event came')
    if (acquaintance.is === 'new') {
      const taken = this.#timeFor(event)
      this.#recent.remember(item, event, taken)
      report.count(this.#give(kind, event, taken) ? 'events' : 'late')
      this.#count(kind, event, taken)
      if (kind === 'up') this.#listener.uplink?.(event)
      this.#keep()
    } else {
      report.count('duplicates')
      if (acquaintance.is === 'known') return undefined
      // Its values may not have been the last ones on disk; and a value from disk is believed once it is said again.
      this.#give(kind, event, acquaintance.taken)
    }
    this.#hear(kind, event)
    return kind === 'up' ? Math.min(event.time, this.#context.clock.now()) : undefined
  }

  /**
   * The time of the event's values. Of events with a time in the future, which a replay brings all at once, no two get
   * the same.
   */
  #timeFor({ time }: DeviceEvent): Milliseconds {
    const now = this.#context.clock.now()
    if (time <= now + CLOCK_TOLERANCE) return time
    const next = this.#invented + 1
    this.#invented = next > now && next <= now + CLOCK_TOLERANCE ? next : now
    return this.#invented
  }

  /** What the event says of the device itself. */
  #hear(kind: EventKind, event: DeviceEvent): void {
    if (kind === 'log') this.#hearLog(event)
    if (kind === 'up' || kind === 'join') this.#refusal = ''
    if (kind === 'up' && event.body.object !== undefined) this.#codecFault = ''
    if (kind === 'up') this.undecoded = event.body.object === undefined && hasData(event.body)
    if (!spoken.has(kind)) return
    const spoke = Math.min(event.time, this.#context.clock.now())
    this.lastSpoke = Math.max(this.lastSpoke ?? Number.NEGATIVE_INFINITY, spoke)
  }

  #count(kind: EventKind, { body }: DeviceEvent, time: Milliseconds): void {
    if (kind === 'up') this.#frames.uplink({ fCnt: body.fCnt, devAddr: body.devAddr, time })
    else if (kind === 'join') this.#frames.join({ devAddr: body.devAddr, time })
    else if (kind === 'log' && body.code === 'UPLINK_F_CNT_RESET') this.#frames.refused()
    else return
    this.#tellLost()
  }

  #tellLost(): void {
    const { lost } = this.#frames
    if (lost !== undefined) this.#context.report.lostUplinks(this.#device.key, lost)
  }

  #keep(): void {
    const { key, devEui } = this.#device
    const memory = { devEui, recent: this.#recent.toMemory(), frames: this.#frames.toMemory() }
    this.#context.memory.keep(key, writeEventMemory(memory))
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
  #give(kind: EventKind, { body }: DeviceEvent, time: Milliseconds): boolean {
    let inTime = true
    for (const tag of this.#tags.get(kind) ?? []) if (!tag.take(body, time)) inTime = false
    return inTime
  }

  #meetUnknown(kind: string): void {
    this.#context.report.count('unknownEvents')
    if (this.#unknownLogged) return
    this.#unknownLogged = true
    const fields = { device: this.#device.key, devEui: this.#device.devEui, event: kind.slice(0, 40) }
    this.#context.log.warn(fields, 'An event of a kind that is not known is left out; further ones are only counted')
  }

  /**
   * An uplink whose codec failed comes without `object`; why is said in a log event before it. Of a frame whose counter
   * went back there is nothing but the log event.
   */
  #hearLog({ body }: DeviceEvent): void {
    if (body.code === 'UPLINK_F_CNT_RESET') this.#hearRefusal()
    if (body.code !== 'UPLINK_CODEC') return
    const said = typeof body.description === 'string' ? body.description.slice(0, 200) : ''
    if (this.#codecFault === '') {
      const fields = { device: this.#device.key, devEui: this.#device.devEui, cause: said }
      this.#context.log.warn(fields, 'ChirpStack cannot decode an uplink: its values are missing until the codec can')
    }
    this.#codecFault = `ChirpStack could not decode its last uplink: ${said}. Mend the codec of its device profile.`
  }

  #hearRefusal(): void {
    if (this.#refusal === '') {
      const fields = { device: this.#device.key, devEui: this.#device.devEui }
      this.#context.log.warn(fields, 'ChirpStack drops the uplinks of a device whose frame counter began anew')
    }
    this.#refusal =
      'ChirpStack drops its uplinks, since its frame counter began anew. Let it join again or activate it again; for a ' +
      'device that forgets its counter, disable frame-counter validation in ChirpStack.'
  }
}

/** More than MAC commands, which have no decoded object either. */
const hasData = ({ data, fPort }: DeviceEvent['body']): boolean =>
  typeof data === 'string' && data !== '' && fPort !== 0
