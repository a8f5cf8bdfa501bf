import type { Milliseconds } from '../../core/clock.ts'
import type { DeviceEvent, StreamItem } from './device-event.ts'

/** Events remembered one by one, each under up to two names. */
const REMEMBERED = 32

interface Remembered {
  readonly id: string
  readonly name: string | undefined
  /** The event's own time. */
  readonly time: Milliseconds
  /** The time under which its values were taken: its own, unless that lay in the future. */
  readonly taken: Milliseconds
  /** Taken by an earlier run, and not replayed since. */
  isFromBefore: boolean
}

/** What becomes of an event: `again` is the first replay of one that an earlier run took, at `taken`. */
export type Acquaintance =
  | { readonly is: 'new' }
  | { readonly is: 'known' }
  | { readonly is: 'again'; readonly taken: Milliseconds }

/** As it is kept on disk: id, name, own time and time taken of each event, oldest first; and what all before have in common. */
export interface RecentEventsMemory {
  readonly events: readonly (readonly [id: string, name: string | null, time: Milliseconds, taken: Milliseconds])[]
  readonly forgotten?: readonly [id: string, time: Milliseconds] | undefined
}

/**
 * Knows the events of one device that were taken already: ChirpStack replays what it keeps on every connect, and a
 * frame's event can be written twice. An event is the same if its stream id or its deduplication id (with its kind)
 * is. Of older ones only the last id and time are kept: an event before both is old news, however long the replay is;
 * the time counts too because ids start over when Redis loses its data.
 */
export class RecentEvents {
  readonly #byName = new Map<string, Remembered>()
  readonly #remembered: Remembered[] = []
  #oldest = 0
  #forgottenId: StreamId | undefined
  #forgottenTime: Milliseconds = Number.NEGATIVE_INFINITY

  /** With what an earlier run left behind. */
  constructor(memory?: RecentEventsMemory) {
    for (const [id, name, time, taken] of memory?.events ?? []) {
      this.#remember({ id, name: name ?? undefined, time, taken, isFromBefore: true })
    }
    if (!memory?.forgotten) return
    this.#forgottenId = parseStreamId(memory.forgotten[0])
    this.#forgottenTime = memory.forgotten[1]
  }

  /** Whether the event was taken before; one that is new stays so until it is remembered. */
  meet(
    item: Pick<StreamItem, 'id' | 'description'>,
    event: Pick<DeviceEvent, 'time' | 'deduplicationId'>,
  ): Acquaintance {
    const known = this.#byName.get(item.id) ?? this.#byName.get(nameOf(item, event) ?? '')
    if (known?.isFromBefore) {
      known.isFromBefore = false
      return { is: 'again', taken: known.taken }
    }
    return { is: known || this.#isForgotten(item.id, event.time) ? 'known' : 'new' }
  }

  /** The event is taken, its values with the time `taken`. */
  remember(
    item: Pick<StreamItem, 'id' | 'description'>,
    event: Pick<DeviceEvent, 'time' | 'deduplicationId'>,
    taken: Milliseconds,
  ): void {
    const name = nameOf(item, event)
    if (item.id === '' && name === undefined) return
    this.#remember({ id: item.id, name, time: event.time, taken, isFromBefore: false })
  }

  toMemory(): RecentEventsMemory {
    const inOrder = [...this.#remembered.slice(this.#oldest), ...this.#remembered.slice(0, this.#oldest)]
    return {
      events: inOrder.map(({ id, name, time, taken }) => [id, name ?? null, time, taken]),
      forgotten: this.#forgottenId && [this.#forgottenId.join('-'), this.#forgottenTime],
    }
  }

  #remember(entry: Remembered): void {
    if (entry.id !== '') this.#byName.set(entry.id, entry)
    if (entry.name !== undefined) this.#byName.set(entry.name, entry)
    if (this.#remembered.length < REMEMBERED) {
      this.#remembered.push(entry)
      return
    }
    const oldest = this.#remembered[this.#oldest]
    if (oldest) this.#forget(oldest)
    this.#remembered[this.#oldest] = entry
    this.#oldest = (this.#oldest + 1) % REMEMBERED
  }

  #forget({ id, name, time }: Remembered): void {
    this.#byName.delete(id)
    if (name !== undefined) this.#byName.delete(name)
    const streamId = parseStreamId(id)
    if (streamId && (!this.#forgottenId || isAfter(streamId, this.#forgottenId))) this.#forgottenId = streamId
    this.#forgottenTime = Math.max(this.#forgottenTime, time)
  }

  #isForgotten(id: string, time: Milliseconds): boolean {
    if (time > this.#forgottenTime || !this.#forgottenId) return false
    const streamId = parseStreamId(id)
    return streamId !== undefined && !isAfter(streamId, this.#forgottenId)
  }
}

const nameOf = (
  { description }: Pick<StreamItem, 'description'>,
  { deduplicationId }: Pick<DeviceEvent, 'deduplicationId'>,
): string | undefined => (deduplicationId === undefined ? undefined : `${description}/${deduplicationId}`)

/** A Redis stream id: milliseconds, and a number within the millisecond. */
type StreamId = readonly [number, number]

function parseStreamId(id: string): StreamId | undefined {
  const parts = /^(\d{1,15})-(\d{1,15})$/.exec(id)
  return parts ? [Number(parts[1]), Number(parts[2])] : undefined
}

const isAfter = (a: StreamId, b: StreamId): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1])
