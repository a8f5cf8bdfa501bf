import { randomUUID } from 'node:crypto'
import type { Milliseconds } from '../../core/clock.ts'

/** A row of ChirpStack's table device_queue_item. */
export interface QueueItem {
  readonly id: string
  readonly fPort: number
  readonly confirmed: boolean
  readonly data: Buffer
  readonly isEncrypted: boolean
  readonly expiresAt: Milliseconds | undefined
  /** Sent, confirmed, and its acknowledgement is awaited. */
  readonly isPending: boolean
  /** Until when a pending item blocks the queue; undefined in class A: until the next uplink. */
  readonly timeoutAfter: Milliseconds | undefined
  /** Undefined until it is sent, unless it is encrypted. */
  readonly fCntDown: number | undefined
}

export type NewQueueItem = Omit<QueueItem, 'id' | 'isPending' | 'timeoutAfter'>

/** The downlink queues of all devices, first in first out. They are in PostgreSQL: a wipe of Redis leaves them. */
export class DownlinkQueues {
  readonly #queues = new Map<string, readonly QueueItem[]>()
  readonly #onChange: (devEui: string, items: readonly QueueItem[]) => void

  /** `onChange` is told what a queue holds, each time that it changes. */
  constructor(onChange: (devEui: string, items: readonly QueueItem[]) => void = () => undefined) {
    this.#onChange = onChange
  }

  enqueue(devEui: string, item: NewQueueItem): QueueItem {
    const added: QueueItem = { ...item, id: randomUUID(), isPending: false, timeoutAfter: undefined }
    this.#set(devEui, [...this.of(devEui), added])
    return added
  }

  of(devEui: string): readonly QueueItem[] {
    return this.#queues.get(devEui) ?? []
  }

  /** What sending changes of an item. */
  update(
    devEui: string,
    id: string,
    changes: Partial<Pick<QueueItem, 'isPending' | 'timeoutAfter' | 'fCntDown'>>,
  ): void {
    this.#set(
      devEui,
      this.of(devEui).map((item) => (item.id === id ? { ...item, ...changes } : item)),
    )
  }

  delete(devEui: string, id: string): void {
    this.#keep(devEui, (item) => item.id !== id)
  }

  /** Drops all, also what is pending, and tells nobody. */
  flush(devEui: string): void {
    this.#set(devEui, [])
  }

  /** What `flush_queue` of Enqueue does: a pending item stays. */
  flushNonPending(devEui: string): void {
    this.#keep(devEui, (item) => item.isPending)
  }

  /** Puts a queue back as it was, for a server that starts again. */
  restore(devEui: string, items: readonly QueueItem[]): void {
    this.#queues.set(devEui, items)
  }

  #keep(devEui: string, keep: (item: QueueItem) => boolean): void {
    this.#set(devEui, this.of(devEui).filter(keep))
  }

  #set(devEui: string, items: readonly QueueItem[]): void {
    if (items.length === 0) this.#queues.delete(devEui)
    else this.#queues.set(devEui, items)
    this.#onChange(devEui, items)
  }
}
