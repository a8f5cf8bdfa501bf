import type { Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import type { DownlinkQueues } from './downlink-queue.ts'
import { Downlinks, type Transmission } from './downlinks.ts'
import {
  commonBody,
  DEMO_GATEWAYS,
  devAddrOf,
  deviceBody,
  type Frame,
  frameOf,
  type Json,
  type Uplink,
  uplinkBody,
} from './event-body.ts'
import type { EntryFields, EventLogs } from './event-log.ts'
import type { Faults } from './faults.ts'
import { GatewayStats } from './gateway-stats.ts'
import { propertiesOf } from './log-properties.ts'
import { flatten, type Leaves, linkName, saveLink, saveMeasurements } from './measurements.ts'
import { type MetricStore, RedisRefusal } from './metric-store.ts'
import type { SimulatedDevice } from './records.ts'
import type { ServerClock } from './server-clock.ts'

/** An answer to a status request, as the `status` event tells it. */
export interface StatusAnswer {
  readonly margin: number
  readonly externalPowerSource?: boolean
  /** Per cent; undefined: the device does not know. */
  readonly batteryLevel?: number
}

/** A gateway's own time is believed as long as it is this near to the server's. */
const MOST_DRIFT: Milliseconds = 30_000

/** What frames of devices do to the simulated server, in the order of ChirpStack's `uplink/data.rs`. */
export class NetworkServer {
  readonly gatewayStats: GatewayStats
  readonly downlinks: Downlinks
  readonly #directory: Directory
  readonly #clock: ServerClock
  readonly #faults: Faults
  readonly #logs: EventLogs
  readonly #metrics: MetricStore
  readonly #queues: DownlinkQueues
  readonly #held: (() => void)[] = []

  constructor(parts: {
    directory: Directory
    clock: ServerClock
    faults: Faults
    logs: EventLogs
    metrics: MetricStore
    queues: DownlinkQueues
    onTransmit: (transmission: Transmission) => void
  }) {
    this.#directory = parts.directory
    this.#clock = parts.clock
    this.#faults = parts.faults
    this.#logs = parts.logs
    this.#metrics = parts.metrics
    this.#queues = parts.queues
    this.gatewayStats = new GatewayStats(parts)
    this.downlinks = new Downlinks({
      ...parts,
      emit: (devEui, kind, body) => this.emit(devEui, kind, body),
      onTransmit: (transmission) => {
        this.gatewayStats.transmitted(DEMO_GATEWAYS[0], 869_525_000, 0)
        parts.onTransmit(transmission)
      },
    })
  }

  /** A device sends; answers the event's deduplication id. Nothing comes of it where the device is disabled. */
  uplink(devEui: string, uplink: Uplink): string {
    const device = this.#directory.device(devEui)
    const time = this.#timeOf(uplink)
    if (uplink.fCnt !== undefined) device.fCnt = uplink.fCnt
    const common = commonBody(this.#directory, device, time, uplink.id, uplink.nanos)
    const id = String(common.deduplicationId)
    if (device.isDisabled || this.#faults.redisDown) return id

    const frame = frameOf(device, uplink)
    for (const { gatewayId } of frame.receptions) this.gatewayStats.received(gatewayId, frame.frequency, frame.dr)
    const body = { ...common, ...uplinkBody(device, uplink, frame) }
    const entryTime = time ?? this.#clock.now()
    const leaves = flatten(uplink.object ?? {})
    const deliverable = [...leaves.values()].every((leaf) => !isInfinite(leaf))
    this.emit(device.devEui, 'up', body, { time: entryTime, nanos: uplink.nanos ?? 0, deliverable })
    device.fCnt++
    device.dr = frame.dr
    if (!this.#measure(device, leaves, entryTime)) return id
    device.lastSeenAt = this.#clock.now()
    if (uplink.ack) this.downlinks.acknowledge(device, id)
    saveLink(this.#metrics, device.devEui, { ...best(frame), ...frame }, this.#clock.now())
    this.downlinks.afterUplink(device, id)
    return id
  }

  /** A device joins: its counters begin anew, and its queue is emptied where its profile says so, without a word. */
  join(devEui: string): void {
    const device = this.#directory.device(devEui)
    device.fCnt = 0
    device.fCntDown = 0
    const body = { ...commonBody(this.#directory, device, this.#clock.now()), devAddr: devAddrOf(device) }
    if (this.#directory.profileOf(device).flushQueueOnActivate) this.#queues.flush(device.devEui)
    this.emit(device.devEui, 'join', { ...body, regionConfigId: 'eu868' })
  }

  /** A join that fails: a nonce used before (`OTAA`) or a wrong key (`UPLINK_MIC`). Counted as the link's error. */
  joinFails(devEui: string, code: 'OTAA' | 'UPLINK_MIC'): void {
    const device = this.#directory.device(devEui)
    const description = code === 'OTAA' ? 'DevNonce has already been used' : 'Invalid MIC'
    this.log(device.devEui, { level: 'ERROR', code, description, context: {} })
    this.#metrics.save(linkName(device.devEui), this.#clock.now(), 'ABSOLUTE', { [`error_${code}`]: 1 })
  }

  /** A device answers how it is. What is unknown is 0 and a flag in the event, and -1 in the inventory. */
  status(devEui: string, answer: StatusAnswer): void {
    const device = this.#directory.device(devEui)
    const { margin, externalPowerSource = false, batteryLevel } = answer
    const known = batteryLevel !== undefined && !externalPowerSource
    device.status = { margin, externalPowerSource, batteryLevel: known ? batteryLevel : -1 }
    this.emit(device.devEui, 'status', {
      ...commonBody(this.#directory, device, this.#clock.now()),
      margin,
      externalPowerSource,
      batteryLevelUnavailable: !known && !externalPowerSource,
      batteryLevel: known ? batteryLevel : 0,
    })
  }

  log(devEui: string, body: Json): void {
    const device = this.#directory.device(devEui)
    this.emit(device.devEui, 'log', { ...deviceBody(this.#directory, device, this.#clock.now()), ...body })
  }

  /** Writes an event: now, or after the one that follows. Without Redis it is lost. */
  emit(devEui: string, kind: string, body: Json, fields: EntryFields = {}): void {
    if (this.#faults.redisDown) return
    const write = () =>
      this.#logs.append(devEui, kind, JSON.stringify(body), {
        ...fields,
        properties: propertiesOf(kind, body),
      })
    if (this.#faults.swapNext > 0) {
      this.#faults.swapNext--
      this.#held.push(write)
      return
    }
    write()
    for (const each of this.#held.splice(0)) each()
  }

  /** False where Redis refused a value, and ChirpStack drops the rest of its work on the uplink. */
  #measure(device: SimulatedDevice, leaves: Leaves, time: Milliseconds): boolean {
    try {
      saveMeasurements(this.#directory, this.#metrics, device, leaves, time)
      return true
    } catch (error) {
      if (error instanceof RedisRefusal) return false
      throw error
    }
  }

  /** GNSS is taken as it is; a gateway's own time only where it is near the server's (`helpers::get_rx_timestamp`). */
  #timeOf({ time, gatewayTime }: Uplink): Milliseconds | null {
    if (time !== undefined) return time
    const now = this.#clock.now()
    return gatewayTime !== undefined && Math.abs(now - gatewayTime) < MOST_DRIFT ? gatewayTime : now
  }
}

/** The highest of each, which need not be of one gateway (`save_metrics`). */
const best = ({ receptions }: Frame): { readonly rssi: number; readonly snr: number } => ({
  rssi: receptions.length === 0 ? 0 : Math.max(...receptions.map(({ rssi }) => rssi)),
  snr: receptions.length === 0 ? 0 : Math.max(...receptions.map(({ snr }) => snr)),
})

/** Makes a body that is no JSON to ChirpStack: it takes its place in the log and is streamed to nobody. */
const isInfinite = (leaf: unknown): boolean => leaf === Number.POSITIVE_INFINITY || leaf === Number.NEGATIVE_INFINITY
