import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import { MAX_PAYLOAD, SCHEDULER_PERIOD, type Transmission } from './downlinks.ts'
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

/** The queues of multicast groups of class C. Whatever becomes of an item, no event tells of it. */
export class MulticastQueues {
  readonly #directory: Directory
  readonly #clock: Clock
  readonly #onTransmit: (transmission: Transmission) => void
  /** By group id. */
  readonly #items = new Map<string, readonly MulticastItem[]>()
  readonly #timers = new Map<string, () => void>()

  constructor(parts: { directory: Directory; clock: Clock; onTransmit: (transmission: Transmission) => void }) {
    this.#directory = parts.directory
    this.#clock = parts.clock
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

  /** A device takes a frame once, however many gateways send it. */
  #send(groupId: string, { fCnt, fPort, data, expiresAt, gatewayId }: MulticastItem): void {
    const group = this.#directory.multicastGroups.get(groupId)
    if (!group || gatewayId !== group.gatewayIds[0]) return
    const expired = expiresAt !== undefined && expiresAt < this.#clock.now()
    if (expired || data.length > (MAX_PAYLOAD[group.dr] ?? 0)) return
    for (const devEui of group.devEuis) {
      this.#onTransmit({ devEui, queueItemId: '', fPort, data, confirmed: false, fCntDown: fCnt })
    }
  }
}
