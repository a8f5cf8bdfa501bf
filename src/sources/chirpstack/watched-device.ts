import type { Milliseconds } from '../../core/clock.ts'
import { describeError, type PenstockError } from '../../core/errors.ts'
import type { DeviceState } from '../../core/health.ts'
import type { ChirpStackDeviceConfig } from '../../core/plant.ts'
import type { DeviceTags, TagIndex } from '../../core/tag-index.ts'
import { type GatedSink, gated } from '../gated-sink.ts'
import type { SourceContext } from '../source.ts'
import type { DeviceEvent, StreamItem } from './device-event.ts'
import { DeviceFacts } from './device-facts.ts'
import type { EventKind } from './event-fields.ts'
import { EventIntake } from './event-intake.ts'
import type { DeviceProfile } from './listed.ts'
import { parsePolledAddress } from './polled-address.ts'
import { ReportingInterval } from './reporting-interval.ts'

/** A value is stale, and a device silent, after this many of its intervals: one uplink may be lost. */
const INTERVALS = 2.5
/** A learned interval that moved less than this is the same. */
const TOLERANCE = 0.1
const DAY: Milliseconds = 86_400_000

/** One inventory may come just before the event of the frame that it shows; not two. */
const MUTE_AFTER = 2
const MUTE =
  'ChirpStack hears it, but its event stream brings nothing. Set monitoring.per_device_event_log_max_history in ' +
  "ChirpStack's configuration above 0 (100 or more is good), and let no proxy hold streams back."

const NO_CODEC =
  'Its uplinks come without a decoded object: there is no codec in its device profile. Give the profile one in ' +
  'ChirpStack, or read the bytes by tags such as payload[0].'

/**
 * What brings the device's events:
 * - `none`: nothing is connected - `opening`: not accepted yet - `up`: accepted - `down`: broke, will be opened again
 * - `absent`: the tenant has no such device
 */
export type StreamState = 'none' | 'opening' | 'up' | 'down' | 'absent'

/** Who else hears of what the devices do. */
export interface DeviceListener {
  /** An uplink that was not known before. */
  readonly uplink?: (devEui: string, event: DeviceEvent) => void
  /** Any event, known ones too: some say what became of a downlink. */
  readonly delivery?: (kind: EventKind, body: DeviceEvent['body']) => void
}

/** A configured device: its events, the state of its stream, and what that says about its tags and itself. */
export class WatchedDevice {
  readonly config: ChirpStackDeviceConfig
  readonly devEui: string
  readonly #tags: readonly TagIndex[]
  readonly #context: SourceContext
  readonly #gate: GatedSink
  readonly #intake: EventIntake
  readonly #interval = new ReportingInterval()
  readonly #facts: DeviceFacts
  /** Some tag is in the decoded object. */
  readonly #needsObject: boolean
  /** Interval that the sink knows for the uplinks' tags. */
  #told: Milliseconds | undefined
  #stream: StreamState = 'none'
  #fault = ''
  #pollFault = ''
  /** When the network server last heard it, as the inventory says. */
  #lastSeen: Milliseconds | undefined
  /** An event came since the last inventory. */
  #brought = false
  /** Inventories in a row that show a frame of which the stream brought nothing. */
  #unheard = 0
  #profile: DeviceProfile | undefined
  #said: { readonly state: DeviceState; readonly reason: string } | undefined

  constructor(device: DeviceTags<ChirpStackDeviceConfig>, context: SourceContext, listener: DeviceListener = {}) {
    this.config = device.device
    this.devEui = device.device.devEui.toLowerCase()
    // What is polled is lost and restored by its calls, whatever the stream does.
    this.#tags = device.tags
      .filter(({ disabled, tag }) => !disabled && !parsePolledAddress(tag.address))
      .map(({ index }) => index)
    const own = gated(context)
    this.#gate = own.gate
    this.#context = own.context
    this.#intake = new EventIntake(device, own.context, {
      uplink: (event) => listener.uplink?.(this.devEui, event),
      any: (kind, { body }) => listener.delivery?.(kind, body),
    })
    this.#facts = new DeviceFacts(device.tags, own.context)
    this.#needsObject = device.tags.some(({ tag, disabled }) => !disabled && /^(?:up:)?object\b/.test(tag.address))
  }

  /** Whatever comes for it from now on is not heard: it has left the plant, or another takes its place. */
  withdraw(): void {
    this.#gate.close()
  }

  get stream(): StreamState {
    return this.#stream
  }

  /** Why the stream is not up, or the device not there; empty otherwise. */
  get fault(): string {
    return this.#fault
  }

  /** Forgets what was reported, so that the next report is made whatever it says. */
  started(): void {
    this.#said = undefined
    this.#become('none', '')
  }

  opening(): void {
    this.#become('opening', '')
  }

  /** The server accepted the stream: what comes from now on is all there is. */
  accepted(): void {
    this.#become('up', '')
    this.#context.sink.restored(this.#tags)
    this.#facts.forget()
    this.#tellFacts()
  }

  broken(cause: PenstockError): void {
    this.#context.sink.lost(this.#tags)
    this.#become('down', `${describeError(cause)}. It is opened again by itself.`)
  }

  /** The whole source has no connection. */
  disconnected(reason: string): void {
    this.#context.sink.lost(this.#tags)
    this.#become('none', reason)
  }

  /** The inventory does not have it. */
  absent(tenantId: string, periodMs: Milliseconds): void {
    this.#context.sink.lost(this.#tags)
    const found = `The tenant ${tenantId} has no device ${this.devEui}, or the API key may not see it.`
    const look = `the list is read every ${Math.round(periodMs / 1_000)} s`
    this.#become('absent', `${found} Check the DevEUI, or add the device in ChirpStack; ${look}.`)
  }

  /** The inventory has it. */
  present(lastSeenAt: Milliseconds | undefined): void {
    const spokeMeanwhile = (lastSeenAt ?? 0) > (this.#lastSeen ?? Number.POSITIVE_INFINITY)
    if (this.#brought || this.#stream !== 'up') this.#unheard = 0
    else if (spokeMeanwhile) this.#unheard++
    this.#brought = false
    this.#lastSeen = lastSeenAt
    if (this.#stream === 'absent') this.#become('none', '')
    else this.review()
  }

  get profile(): DeviceProfile | undefined {
    return this.#profile
  }

  get isHeard(): boolean {
    return this.#stream === 'up'
  }

  get nextUplinkAt(): Milliseconds | undefined {
    const [heard, interval] = [this.#lastHeard, this.#interval.current]
    if (heard === undefined || interval === undefined) return undefined
    return Math.max(heard + interval, this.#context.clock.now())
  }

  /** What its profile says of its intervals. */
  profiled(profile: DeviceProfile): void {
    this.#profile = profile
    const { uplinkInterval, statusRequestsPerDay } = profile
    this.#interval.declare(uplinkInterval > 0 ? uplinkInterval * 1_000 : undefined)
    this.#tellInterval()
    const answers = this.#intake.tagsOf('status')
    if (statusRequestsPerDay > 0 && answers.length > 0) {
      this.#context.sink.expectEvery(answers, (INTERVALS * DAY) / statusRequestsPerDay)
    }
  }

  /** Why its metrics are not answered, or not all there; empty when they are. */
  polled(fault: string): void {
    this.#pollFault = fault
    this.review()
  }

  take(item: StreamItem): void {
    this.#brought = true
    const uplinkTime = this.#intake.take(item)
    if (uplinkTime !== undefined) {
      this.#interval.observe(uplinkTime)
      this.#tellInterval()
    }
    this.review()
  }

  /** Reports how the device is now; called whenever something happened, and now and then because nothing did. */
  review(): void {
    this.#tellFacts()
    const { report, log, clock } = this.#context
    const { state, reason } = this.#judge(clock.now())
    const before = this.#said
    if (before?.state === state && before.reason === reason) return
    this.#said = { state, reason }
    report.device(this.config.key, state, reason)
    const fields = { device: this.config.key, devEui: this.devEui }
    if (state === 'offline' && before?.state !== 'offline') log.warn({ ...fields, cause: reason }, 'Device is offline')
    if (state === 'online' && before?.state === 'offline') log.info(fields, 'Device is heard again')
  }

  #judge(now: Milliseconds): { readonly state: DeviceState; readonly reason: string } {
    if (this.#stream === 'absent') return { state: 'offline', reason: this.#fault }
    if (this.#fault !== '') return { state: 'unknown', reason: this.#fault }
    if (this.#unheard >= MUTE_AFTER) return { state: 'unknown', reason: MUTE }
    const heard = this.#lastHeard
    if (heard === undefined) {
      return { state: 'unknown', reason: this.#stream === 'none' ? '' : 'ChirpStack has not heard it yet.' }
    }
    const interval = this.#interval.current
    if (interval !== undefined && now - heard > INTERVALS * interval) {
      const since = `Not heard since ${new Date(heard).toISOString()}`
      const expected = `an uplink is expected every ${Math.round(interval / 1_000)} s`
      return { state: 'offline', reason: `${since}; ${expected}. Check its battery and its way to the gateway.` }
    }
    const { fault, faults, undecoded } = this.#intake
    const told = fault || (undecoded && this.#needsObject ? NO_CODEC : faults.reason)
    return { state: 'online', reason: told || this.#pollFault }
  }

  /** Only while the stream says when the device is heard: otherwise its age is not known. */
  #tellFacts(): void {
    if (this.#stream === 'up') this.#facts.tell({ lastHeard: this.#lastHeard, interval: this.#interval.current })
  }

  get #lastHeard(): Milliseconds | undefined {
    const { lastSpoke } = this.#intake
    if (lastSpoke === undefined || this.#lastSeen === undefined) return lastSpoke ?? this.#lastSeen
    return Math.max(lastSpoke, this.#lastSeen)
  }

  #become(stream: StreamState, fault: string): void {
    this.#stream = stream
    this.#fault = fault
    this.review()
  }

  #tellInterval(): void {
    const interval = this.#interval.current
    if (interval === undefined) return
    if (this.#told !== undefined && Math.abs(interval - this.#told) <= TOLERANCE * this.#told) return
    this.#told = interval
    this.#context.sink.expectEvery(this.#intake.tagsOf('up'), INTERVALS * interval)
  }
}
