import { randomInt } from 'node:crypto'
import type { Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import type { DownlinkQueues, QueueItem } from './downlink-queue.ts'
import { DEMO_GATEWAYS, deviceBody, type Json } from './event-body.ts'
import type { Faults } from './faults.ts'
import type { SimulatedDevice } from './records.ts'
import type { ServerClock } from './server-clock.ts'

/** A downlink as its device received it. */
export interface Transmission {
  readonly devEui: string
  /** Empty where it came to a multicast group. */
  readonly queueItemId: string
  readonly fPort: number
  readonly data: Buffer
  readonly confirmed: boolean
  readonly fCntDown: number
}

/** Largest payloads of EU868 by data rate, in bytes. */
export const MAX_PAYLOAD: readonly number[] = [51, 51, 51, 115, 222, 222, 222, 222]
/** RX2, in which class C listens, is DR 0. */
const RX2_DATA_RATE = 0
export const SCHEDULER_PERIOD: Milliseconds = 1_000
/** `class_c_lock_duration`: after each uplink and each downlink. */
const CLASS_C_LOCK: Milliseconds = 5_000

/** Writes an event of a device. */
type Emit = (devEui: string, kind: string, body: Json) => void

/** The downlink side of the network server (`downlink/data.rs`, `downlink/scheduler.rs`, `downlink/tx_ack.rs`). */
export class Downlinks {
  readonly #directory: Directory
  readonly #queues: DownlinkQueues
  readonly #clock: ServerClock
  readonly #faults: Faults
  readonly #emit: Emit
  readonly #onTransmit: (transmission: Transmission) => void
  /** By DevEUI: when the scheduler may serve the device again. */
  readonly #lockedUntil = new Map<string, Milliseconds>()
  /** By DevEUI: ends what is to be sent later. */
  readonly #timers = new Map<string, () => void>()

  constructor(parts: {
    directory: Directory
    queues: DownlinkQueues
    clock: ServerClock
    faults: Faults
    emit: Emit
    onTransmit: (transmission: Transmission) => void
  }) {
    this.#directory = parts.directory
    this.#queues = parts.queues
    this.#clock = parts.clock
    this.#faults = parts.faults
    this.#emit = parts.emit
    this.#onTransmit = parts.onTransmit
  }

  /**
   * An uplink opens the receive windows: a device is sent what is queued, and one of class C is locked for a while.
   * `frameId`: the deduplication id of the uplink, which the `ack` that it causes has too; empty from the scheduler.
   */
  afterUplink(device: SimulatedDevice, frameId: string): void {
    const { devEui } = device
    if (device.deviceClass !== 'A') this.#lock(devEui)
    if (this.#queues.of(devEui).length === 0) return
    const answer = () => {
      this.#timers.delete(devEui)
      const present = this.#directory.devices.get(devEui)
      if (!present) return
      this.#sendNext(present, present.dr, frameId)
      this.schedule(devEui)
    }
    if (this.#faults.downlinkDelayMs === 0) answer()
    else this.#after(devEui, this.#faults.downlinkDelayMs, answer)
  }

  /** Something was put into the queue: the scheduler sends it to a class C device in one of its next runs. */
  schedule(devEui: string): void {
    const device = this.#directory.devices.get(devEui)
    // The device's first uplink after its activation is awaited.
    if (device?.deviceClass !== 'C' || device.fCnt === 0) return
    const items = this.#queues.of(devEui)
    if (this.#timers.has(devEui) || items.length === 0) return
    const now = this.#clock.now()
    const blockedUntil = Math.max(this.#lockedUntil.get(devEui) ?? 0, items[0]?.timeoutAfter ?? 0)
    this.#after(devEui, Math.max(SCHEDULER_PERIOD, blockedUntil - now), () => {
      this.#timers.delete(devEui)
      const present = this.#directory.devices.get(devEui)
      if (!present) return
      this.#sendNext(present, RX2_DATA_RATE, '')
      this.schedule(devEui)
    })
  }

  /** An uplink acknowledges what is pending. */
  acknowledge(device: SimulatedDevice, frameId: string): void {
    const pending = this.#queues.of(device.devEui).find(({ isPending }) => isPending)
    if (pending) this.#endPending(device, pending, true, frameId)
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #after(devEui: string, delay: Milliseconds, action: () => void): void {
    this.#timers.get(devEui)?.()
    this.#timers.set(devEui, this.#clock.after(delay, action))
  }

  #lock(devEui: string): void {
    this.#lockedUntil.set(devEui, this.#clock.now() + CLASS_C_LOCK)
  }

  /** Sends the first item that can be sent; those before it are discarded, and each says why. */
  #sendNext(device: SimulatedDevice, dataRate: number, frameId: string): void {
    const maxPayload = MAX_PAYLOAD[dataRate] ?? 0
    for (const item of this.#queues.of(device.devEui)) {
      if (item.isPending) {
        if (item.timeoutAfter !== undefined && item.timeoutAfter > this.#clock.now()) return
        this.#endPending(device, item, false, frameId)
      } else if (item.expiresAt !== undefined && item.expiresAt < this.#clock.now()) {
        this.#discard(device, item, 'EXPIRED', 'it has expired')
      } else if (item.data.length > maxPayload) {
        this.#discard(device, item, 'DOWNLINK_PAYLOAD_SIZE', 'it exceeds the max. payload size', {
          max_payload_size: String(maxPayload),
          item_size: String(item.data.length),
        })
      } else if (item.isEncrypted && (item.fCntDown ?? 0) < device.fCntDown) {
        this.#discard(device, item, 'F_CNT_DOWN', 'the frame-counter is invalid', {
          device_f_cnt_down: String(device.fCntDown),
          queue_item_f_cnt_down: String(item.fCntDown ?? 0),
        })
      } else {
        this.#transmit(device, item)
        return
      }
    }
  }

  #transmit(device: SimulatedDevice, item: QueueItem): void {
    const { devEui } = device
    const fCntDown = item.isEncrypted ? (item.fCntDown ?? 0) : device.fCntDown
    this.#queues.update(devEui, item.id, { fCntDown })
    if (device.deviceClass !== 'A') this.#lock(devEui)
    const answer = this.#faults.gatewayAnswer
    if (answer !== 'OK' && answer !== 'no answer') {
      // Says nothing of the item, which stays in the queue and is sent again.
      const body = { level: 'ERROR', code: 'DOWNLINK_GATEWAY', description: answer, context: {} }
      this.#emit(devEui, 'log', { ...this.#body(device), ...body })
      return
    }
    const { id, fPort, data, confirmed } = item
    this.#onTransmit({ devEui, queueItemId: id, fPort, data, confirmed, fCntDown })
    // A gateway that sends it and does not say so has it sent again.
    if (answer === 'no answer') return
    device.fCntDown++
    if (confirmed) {
      const timeout = 1_000 * this.#directory.profileOf(device).classCTimeout
      const timeoutAfter = device.deviceClass === 'C' ? this.#clock.now() + timeout : undefined
      this.#queues.update(devEui, id, { isPending: true, timeoutAfter })
    } else this.#queues.delete(devEui, id)
    const txAck = { downlinkId: randomInt(2 ** 31), queueItemId: id, fCntDown, gatewayId: DEMO_GATEWAYS[0] }
    this.#emit(devEui, 'txack', { ...this.#body(device), ...txAck })
  }

  #endPending(device: SimulatedDevice, { id, fCntDown }: QueueItem, acknowledged: boolean, frameId: string): void {
    this.#queues.delete(device.devEui, id)
    this.#emit(device.devEui, 'ack', {
      deduplicationId: frameId,
      ...this.#body(device),
      queueItemId: id,
      acknowledged,
      fCntDown: fCntDown ?? 0,
    })
  }

  #discard(device: SimulatedDevice, { id }: QueueItem, code: string, why: string, context: Json = {}): void {
    this.#queues.delete(device.devEui, id)
    this.#emit(device.devEui, 'log', {
      ...this.#body(device),
      level: 'ERROR',
      code,
      description: `Device queue-item discarded because ${why}`,
      context: { ...context, queue_item_id: id },
    })
  }

  #body(device: SimulatedDevice): Json {
    return deviceBody(this.#directory, device, this.#clock.now())
  }
}
