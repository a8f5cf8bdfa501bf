import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import { MAX_PAYLOAD, SCHEDULER_PERIOD, type Transmission } from './downlinks.ts'
import type { EventLogs } from './event-log.ts'
import { framesOf } from './event-streams.ts'
import type { Faults } from './faults.ts'
import type { MulticastGroup } from './records.ts'

/** A row of ChirpStack's table multicast_group_queue_item: what one gateway is to send. */
export interface MulticastItem {
  readonly fCnt: number
  readonly fPort: number
  readonly data: Buffer
  readonly expiresAt: Milliseconds | undefined
  readonly gatewayId: string
  readonly runAfter: Milliseconds
}

export type NewMulticastItem = Pick<MulticastItem, 'fPort' | 'data' | 'expiresAt'>

/** `multicast_class_c_margin`: between two gateways, and two items. */
const MARGIN: Milliseconds = 5_000

/** An item that no gateway answered for is scheduled again after two periods. */
const AGAIN_AFTER: Milliseconds = 2 * SCHEDULER_PERIOD

/**
 * The queues of multicast groups of class C (`downlink/multicast.rs`). Whatever becomes of an item, no event tells of it:
 * only the frame log of a gateway shows what it acknowledged.
 */
export class MulticastQueues {
  readonly #directory: Directory
  readonly #clock: Clock
  readonly #logs: EventLogs
  readonly #faults: Faults
  readonly #onTransmit: (transmission: Transmission) => void
  /** By group id. */
  readonly #items = new Map<string, readonly MulticastItem[]>()
  readonly #timers = new Map<string, () => void>()
  /** Group and counter of the frames that devices have heard. */
  readonly #heard = new Set<string>()

  constructor(parts: {
    directory: Directory
    clock: Clock
    logs: EventLogs
    faults: Faults
    onTransmit: (transmission: Transmission) => void
  }) {
    this.#directory = parts.directory
    this.#clock = parts.clock
    this.#logs = parts.logs
    this.#faults = parts.faults
    this.#onTransmit = parts.onTransmit
  }

  /** One item for each of the group's gateways, each a while after the other; answers the frame counter of all. */
  enqueue(group: MulticastGroup, item: NewMulticastItem): number {
    const fCnt = group.fCnt++
    const queued = this.of(group.id)
    const last = queued.at(-1)?.runAfter
    const first = last === undefined ? this.#clock.now() : last + MARGIN
    const added = group.gatewayIds.map((gatewayId, n) => ({ ...item, fCnt, gatewayId, runAfter: first + n * MARGIN }))
    this.#items.set(group.id, [...queued, ...added])
    this.#schedule(group.id)
    return fCnt
  }

  /** In the order in which they are sent. */
  of(groupId: string): readonly MulticastItem[] {
    return this.#items.get(groupId) ?? []
  }

  flush(groupId: string): void {
    this.#items.delete(groupId)
    this.#timers.get(groupId)?.()
    this.#timers.delete(groupId)
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #schedule(groupId: string): void {
    const [next] = this.of(groupId)
    if (!next || this.#timers.has(groupId)) return
    const wait = Math.max(SCHEDULER_PERIOD, next.runAfter - this.#clock.now())
    const send = () => {
      this.#timers.delete(groupId)
      this.#items.set(groupId, this.of(groupId).slice(1))
      this.#send(groupId, next)
      this.#schedule(groupId)
    }
    this.#timers.set(groupId, this.#clock.after(wait, send))
  }

  #send(groupId: string, item: MulticastItem): void {
    const group = this.#directory.multicastGroups.get(groupId)
    if (!group) return
    const { fCnt, data, expiresAt, gatewayId } = item
    const now = this.#clock.now()
    if ((expiresAt !== undefined && expiresAt < now) || data.length > (MAX_PAYLOAD[group.dr] ?? 0)) return
    const answer = this.#faults.gatewayAnswer
    // Unlike that of a device it is gone from the queue whatever the gateway answers.
    if (answer !== 'OK' && answer !== 'no answer') return
    this.#hear(group, item)
    if (answer === 'no answer') {
      this.#items.set(groupId, [{ ...item, runAfter: now + AGAIN_AFTER }, ...this.of(groupId)])
      return
    }
    const fhdr = { devaddr: group.mcAddr, f_ctrl: {}, f_cnt: fCnt & 0xffff, f_opts: [] }
    const payload = { fhdr, f_port: item.fPort, frm_payload: data.toString('hex') }
    const phy = { mhdr: { m_type: 'UnconfirmedDataDown', major: 'LoRaWANR1' }, payload, mic: [0, 0, 0, 0] }
    this.#logs.append(framesOf(gatewayId), 'UnconfirmedDataDown', JSON.stringify({ phy_payload: phy, tx_info: {} }), {
      properties: { DevAddr: group.mcAddr, DevEUI: '', 'Gateway ID': gatewayId },
    })
  }

  /** A device takes a frame once, however many gateways send it, and however often. */
  #hear({ id, devEuis }: MulticastGroup, { fCnt, fPort, data }: MulticastItem): void {
    const frame = `${id} ${fCnt}`
    if (this.#heard.has(frame)) return
    this.#heard.add(frame)
    for (const devEui of devEuis) {
      this.#onTransmit({ devEui, queueItemId: '', fPort, data, confirmed: false, fCntDown: fCnt })
    }
  }
}
