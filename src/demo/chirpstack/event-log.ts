import internalPb, { type LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { toTimestamp } from './timestamp.ts'

type Listener = (item: LogItem) => void

/**
 * The event logs of all devices: ChirpStack's Redis streams. Each keeps the last few events of every kind, and whoever
 * connects gets these first, oldest first, and then what is new. The key is the DevEUI as it was written, so a log that
 * is asked for in upper case is empty for ever.
 */
export class EventLogs {
  readonly #clock: Clock
  readonly #kept = new Map<string, LogItem[]>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #lastId: { ms: Milliseconds; sequence: number } = { ms: 0, sequence: 0 }
  /** `per_device_event_log_max_history` of ChirpStack's configuration. With 0 no event is ever streamed. */
  history = 10

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `time` null: the entry has none. */
  append(devEui: string, description: string, body: string, time: Milliseconds | null = this.#clock.now()): void {
    if (this.history === 0) return
    const item = new internalPb.LogItem()
    item.setId(this.#nextId())
    if (time !== null) item.setTime(toTimestamp(time))
    item.setDescription(description)
    item.setBody(body)
    const kept = this.#kept.get(devEui) ?? []
    this.#kept.set(devEui, [...kept, item].slice(-this.history))
    for (const listener of [...(this.#listeners.get(devEui) ?? [])]) listener(item)
  }

  /** Gives `listener` what is kept and then what comes, until the answer is called. */
  follow(devEui: string, listener: Listener): () => void {
    for (const item of this.#kept.get(devEui) ?? []) listener(item)
    const listeners = this.#listeners.get(devEui) ?? new Set()
    this.#listeners.set(devEui, listeners.add(listener))
    return () => {
      listeners.delete(listener)
    }
  }

  /** Redis loses its data. */
  wipe(): void {
    this.#kept.clear()
    this.#lastId = { ms: 0, sequence: 0 }
  }

  #nextId(): string {
    const ms = Math.max(Math.floor(this.#clock.now()), this.#lastId.ms)
    const sequence = ms === this.#lastId.ms ? this.#lastId.sequence + 1 : 0
    this.#lastId = { ms, sequence }
    return `${ms}-${sequence}`
  }
}
