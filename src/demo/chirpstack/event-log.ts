import internalPb, { type LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { toTimestamp } from './timestamp.ts'

type Listener = (item: LogItem) => void

/** Told of every entry that is written, and whether it is streamed to anybody. */
export type OnKept = (devEui: string, item: LogItem, deliverable: boolean) => void

/** An entry of a log as it is kept. */
interface Kept {
  readonly item: LogItem
  /** False: its body is no JSON to ChirpStack (an infinity), which then streams it to nobody. */
  readonly deliverable: boolean
  /** In which node of the Redis stream it lies: nodes are trimmed as a whole. */
  readonly node: number
}

interface DeviceLog {
  entries: Kept[]
  node: number
  nodeEntries: number
  nodeBytes: number
}

/** What an entry has beside its kind and body. */
export interface EntryFields {
  /** null: the entry has none; the server's time if it is not given. */
  readonly time?: Milliseconds | null
  readonly nanos?: number
  /** A Redis stream id in place of the next one. */
  readonly id?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly deliverable?: boolean
}

/** `stream-node-max-entries` and `stream-node-max-bytes` of Redis. */
const NODE = { entries: 100, bytes: 4_096 }
/** How long an event is as protobuf, to its length as JSON, and what Redis needs beside it: about. */
const PROTOBUF_SHARE = 0.3
const ENTRY_OVERHEAD = 20

/**
 * The event logs of all devices: ChirpStack's Redis streams. Each keeps the last few events of every kind, and whoever
 * connects gets these first, oldest first, and then what is new. The key is the DevEUI as it was written, so a log that
 * is asked for in upper case is empty for ever.
 */
export class EventLogs {
  readonly #clock: Clock
  readonly #onKept: OnKept
  readonly #logs = new Map<string, DeviceLog>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #lastId: { ms: Milliseconds; sequence: number } = { ms: 0, sequence: 0 }
  /** `per_device_event_log_max_history` of ChirpStack's configuration. With 0 no event is ever streamed. */
  history = 10
  /** `approximate` keeps up to a node of the Redis stream more, as `XADD MAXLEN ~` does since ChirpStack 4.18. */
  trimming: 'exact' | 'approximate' = 'exact'

  constructor(clock: Clock, onKept: OnKept = () => undefined) {
    this.#clock = clock
    this.#onKept = onKept
  }

  append(devEui: string, description: string, body: string, fields: EntryFields = {}): void {
    if (this.history === 0) return
    const { time = this.#clock.now(), nanos, id = this.#nextId(), properties = {}, deliverable = true } = fields
    const item = new internalPb.LogItem()
    item.setId(id)
    if (time !== null) item.setTime(toTimestamp(time, nanos))
    item.setDescription(description)
    item.setBody(body)
    for (const [name, value] of Object.entries(properties)) item.getPropertiesMap().set(name, value)
    this.#keep(devEui, item, deliverable)
    this.#onKept(devEui, item, deliverable)
    if (deliverable) for (const listener of [...(this.#listeners.get(devEui) ?? [])]) listener(item)
  }

  /** Gives `listener` what is kept and then what comes, until the answer is called. */
  follow(devEui: string, listener: Listener): () => void {
    for (const { item, deliverable } of this.#logs.get(devEui)?.entries ?? []) if (deliverable) listener(item)
    return this.onAppend(devEui, listener)
  }

  /** Calls `listener` with what comes, until the answer is called. */
  onAppend(devEui: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(devEui) ?? new Set()
    this.#listeners.set(devEui, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(devEui)
    }
  }

  /** XREAD: at most `count` entries whose ids are greater than `after`, and the greatest id among them. */
  read(devEui: string, after: string, count: number): { readonly items: LogItem[]; readonly last: string } {
    const entries = this.#logs.get(devEui)?.entries.filter(({ item }) => compareIds(item.getId(), after) > 0) ?? []
    const read = entries.slice(0, count)
    return {
      items: read.filter(({ deliverable }) => deliverable).map(({ item }) => item),
      last: read.at(-1)?.item.getId() ?? after,
    }
  }

  /** Puts an entry back as it was, for a server that starts again; nobody is told. */
  restore(devEui: string, item: LogItem, deliverable: boolean): void {
    this.#keep(devEui, item, deliverable)
    const [ms = 0, sequence = 0] = item.getId().split('-').map(Number)
    if (compareIds(item.getId(), `${this.#lastId.ms}-${this.#lastId.sequence}`) > 0) this.#lastId = { ms, sequence }
  }

  /** Redis loses its data. Ids go on from the server's clock, so they may go back. */
  wipe(): void {
    this.#logs.clear()
    this.#lastId = { ms: 0, sequence: 0 }
  }

  #keep(devEui: string, item: LogItem, deliverable: boolean): void {
    const log = this.#logs.get(devEui) ?? { entries: [], node: 0, nodeEntries: 0, nodeBytes: 0 }
    this.#logs.set(devEui, log)
    const bytes = ENTRY_OVERHEAD + PROTOBUF_SHARE * item.getBody().length
    if (log.nodeEntries >= NODE.entries || log.nodeBytes + bytes > NODE.bytes) {
      log.node++
      log.nodeEntries = 0
      log.nodeBytes = 0
    }
    log.nodeEntries++
    log.nodeBytes += bytes
    log.entries.push({ item, deliverable, node: log.node })
    log.entries.splice(0, this.#surplus(log.entries))
  }

  /** How many of the oldest entries may go. */
  #surplus(entries: readonly Kept[]): number {
    if (this.trimming === 'exact') return Math.max(0, entries.length - this.history)
    const surplus = entries.length - this.history
    // The first entry that stays: the last beginning of a node that leaves enough.
    for (let at = Math.min(surplus, entries.length - 1); at > 0; at--) {
      if (entries[at]?.node !== entries[at - 1]?.node) return at
    }
    return 0
  }

  #nextId(): string {
    const ms = Math.max(Math.floor(this.#clock.now()), this.#lastId.ms)
    const sequence = ms === this.#lastId.ms ? this.#lastId.sequence + 1 : 0
    this.#lastId = { ms, sequence }
    return `${ms}-${sequence}`
  }
}

/** Redis stream ids, `ms-seq`, by their numbers. */
function compareIds(a: string, b: string): number {
  const [msA = 0, sequenceA = 0] = a.split('-').map(Number)
  const [msB = 0, sequenceB = 0] = b.split('-').map(Number)
  return msA - msB || sequenceA - sequenceB
}
