import type { Milliseconds } from '../../core/clock.ts'
import type { DeviceEvent, StreamItem } from './device-event.ts'

/** Events remembered one by one, each under up to two names. */
const REMEMBERED = 64

interface Remembered {
  readonly id: string
  readonly name: string | undefined
  readonly time: Milliseconds
}

/**
 * Knows the events of one device that were taken already: ChirpStack replays what it keeps on every connect, and a
 * frame's event can be written twice. An event is the same if its stream id or its deduplication id (with its kind)
 * is. Of older ones only the last id and time are kept: an event before both is old news, however long the replay is;
 * the time counts too because ids start over when Redis loses its data.
 */
export class RecentEvents {
  readonly #names = new Set<string>()
  readonly #remembered: Remembered[] = []
  #oldest = 0
  #forgottenId: StreamId | undefined
  #forgottenTime: Milliseconds = Number.NEGATIVE_INFINITY

  /** Remembers the event; false if it was known. */
  add(item: Pick<StreamItem, 'id' | 'description'>, event: Pick<DeviceEvent, 'time' | 'deduplicationId'>): boolean {
    const name = event.deduplicationId === undefined ? undefined : `${item.description}/${event.deduplicationId}`
    if (item.id === '' && name === undefined) return true
    if (this.#names.has(item.id) || (name !== undefined && this.#names.has(name))) return false
    if (this.#isForgotten(item.id, event.time)) return false
    if (item.id !== '') this.#names.add(item.id)
    if (name !== undefined) this.#names.add(name)
    const entry = { id: item.id, name, time: event.time }
    if (this.#remembered.length < REMEMBERED) {
      this.#remembered.push(entry)
      return true
    }
    const oldest = this.#remembered[this.#oldest]
    if (oldest) this.#forget(oldest)
    this.#remembered[this.#oldest] = entry
    this.#oldest = (this.#oldest + 1) % REMEMBERED
    return true
  }

  #forget({ id, name, time }: Remembered): void {
    this.#names.delete(id)
    if (name !== undefined) this.#names.delete(name)
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

/** A Redis stream id: milliseconds, and a number within the millisecond. */
type StreamId = readonly [number, number]

function parseStreamId(id: string): StreamId | undefined {
  const parts = /^(\d{1,15})-(\d{1,15})$/.exec(id)
  return parts ? [Number(parts[1]), Number(parts[2])] : undefined
}

const isAfter = (a: StreamId, b: StreamId): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1])
