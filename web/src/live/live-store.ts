import { queryText } from '../api/request.ts'
import type { SourceHealthAnswer, TagValueAnswer } from '../api/types.ts'

/** Which tags a page shows; `none`: only how the gateway is. */
export type LiveSelection =
  | 'none'
  | { readonly tag?: readonly string[]; readonly device?: readonly string[]; readonly source?: readonly string[] }

/**
 * - `connecting`: not heard yet - `live`: heard a moment ago - `lost`: the gateway, or the way to it, is gone - `silent`:
 * the gateway answers, but its engine is gone: values are the last known.
 */
export type LiveState = 'connecting' | 'live' | 'lost' | 'silent'

/** A value as it was heard while the page is open. */
export interface HeardSample {
  readonly time: number
  readonly value: TagValueAnswer['value']
  readonly quality: TagValueAnswer['quality']
}

/** The gateway says something at least every five seconds. */
const LOST_AFTER_MS = 12_000
const AGAIN_AFTER_MS = 1_500
const MOST_HEARD = 5_000

interface Listeners {
  /** `first`: the revision that the stream begins with, before which nothing was heard. */
  onPlantChange(first: string | undefined): void
  onLogout(): void
}

/** What the gateway tells as it happens, through its restarts: one stream for all of the page. */
export class LiveStore {
  readonly #listeners: Listeners
  readonly #values = new Map<string, TagValueAnswer>()
  /** The values as they are shown while the gateway is not heard. */
  readonly #doubted = new Map<string, TagValueAnswer>()
  readonly #valueListeners = new Map<string, Set<() => void>>()
  readonly #anyListeners = new Set<() => void>()
  readonly #stateListeners = new Set<() => void>()
  readonly #heard = new Map<string, { users: number; samples: HeardSample[] }>()
  #selection: string | undefined
  #source: EventSource | undefined
  #lastEventId = ''
  #heardAt = 0
  #timer: number | undefined
  #state: LiveState = 'connecting'
  #engineHeard = true
  #revision = ''
  /** How far the gateway's clock is ahead of this browser's, milliseconds. */
  clockAhead = 0
  /** When the gateway was last heard, by this browser's clock. */
  lastHeardAt = 0
  /** Counts what came, for whoever looks at all values. */
  version = 0
  sources: readonly SourceHealthAnswer[] | undefined

  constructor(listeners: Listeners) {
    this.#listeners = listeners
  }

  get state(): LiveState {
    return this.#state
  }

  /** A value as far as it can be believed: while the gateway is not heard, it is the last one known. */
  value(id: string): TagValueAnswer | undefined {
    const value = this.#values.get(id)
    if (!value || this.#state !== 'lost' || value.quality === 'bad') return value
    const known = this.#doubted.get(id)
    if (known) return known
    const doubted = { ...value, quality: 'uncertain', status: 'UncertainNoCommunicationLastUsableValue' } as const
    this.#doubted.set(id, doubted)
    return doubted
  }

  /** What was heard of a tag since somebody first wanted to keep it. */
  heardOf(id: string): readonly HeardSample[] {
    return this.#heard.get(id)?.samples ?? []
  }

  keep(id: string): () => void {
    const kept = this.#heard.get(id) ?? { users: 0, samples: [] }
    const known = this.#values.get(id)
    if (known && kept.samples.length === 0) kept.samples.push(this.#sampleOf(known))
    kept.users++
    this.#heard.set(id, kept)
    return () => {
      kept.users--
      if (kept.users === 0) this.#heard.delete(id)
    }
  }

  /** Follows these tags from now on. */
  select(selection: LiveSelection): void {
    const query = selection === 'none' ? { only: 'state' } : { ...selection }
    const text = queryText(query)
    if (text === this.#selection) return
    this.#selection = text
    this.#lastEventId = ''
    this.#open()
  }

  /** Hears how the gateway is where nothing is followed yet. */
  listen(): void {
    if (this.#selection === undefined) this.select('none')
  }

  close(): void {
    window.clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
    this.#selection = undefined
  }

  onValue(id: string, listener: () => void): () => void {
    const listeners = this.#valueListeners.get(id) ?? new Set()
    listeners.add(listener)
    this.#valueListeners.set(id, listeners)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#valueListeners.delete(id)
    }
  }

  onAny = (listener: () => void): (() => void) => {
    this.#anyListeners.add(listener)
    return () => this.#anyListeners.delete(listener)
  }

  onState = (listener: () => void): (() => void) => {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  #open(): void {
    this.#source?.close()
    window.clearTimeout(this.#timer)
    const selection = this.#selection
    if (selection === undefined) return
    const after = this.#lastEventId === '' ? '' : `${selection === '' ? '?' : '&'}after=${this.#lastEventId}`
    const source = new EventSource(`/api/v1/live${selection}${after}`)
    this.#source = source
    const on = (name: string, take: (data: never) => void) =>
      source.addEventListener(name, (event: MessageEvent<string>) => {
        if (source !== this.#source) return
        if (event.lastEventId !== '') this.#lastEventId = event.lastEventId
        take(JSON.parse(event.data) as never)
        this.#isHeard()
      })
    on('values', ({ values }: { values: readonly TagValueAnswer[] }) => this.#take(values))
    on('sources', ({ sources }: { sources: readonly SourceHealthAnswer[] }) => {
      this.sources = sources
      for (const listener of this.#stateListeners) listener()
    })
    on('engine', ({ heard }: { heard: boolean }) => {
      this.#engineHeard = heard
    })
    on('plant', ({ revision }: { revision: string }) => {
      // With the first, what the page has fetched by then may be older than what the stream begins with.
      if (revision !== this.#revision) this.#listeners.onPlantChange(this.#revision === '' ? revision : undefined)
      this.#revision = revision
    })
    on('beat', ({ now }: { now: number }) => {
      this.clockAhead = now - Date.now()
    })
    on('logout', () => this.#listeners.onLogout())
    source.onerror = () => {
      if (source !== this.#source) return
      this.#setState('lost')
      if (source.readyState === EventSource.CLOSED) this.#again()
    }
    this.#watch()
  }

  /** The browser does not notice a connection that is silently gone, and gives up where a proxy answers an error. */
  #again(): void {
    window.clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#open(), AGAIN_AFTER_MS)
  }

  #watch(): void {
    window.clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => {
      this.#setState('lost')
      this.#open()
    }, LOST_AFTER_MS)
  }

  #isHeard(): void {
    this.#heardAt = Date.now()
    this.lastHeardAt = this.#heardAt
    this.#watch()
    this.#setState(this.#engineHeard ? 'live' : 'silent')
  }

  #setState(state: LiveState): void {
    if (state === this.#state) return
    const concernsValues = state === 'lost' || this.#state === 'lost'
    this.#state = state
    this.#doubted.clear()
    for (const listener of this.#stateListeners) listener()
    if (!concernsValues) return
    this.version++
    for (const listeners of this.#valueListeners.values()) for (const listener of listeners) listener()
    for (const listener of this.#anyListeners) listener()
  }

  #sampleOf({ value, quality, sourceTime, serverTime }: TagValueAnswer): HeardSample {
    return { time: sourceTime ?? serverTime ?? Date.now() + this.clockAhead, value, quality }
  }

  #take(values: readonly TagValueAnswer[]): void {
    for (const value of values) {
      this.#values.set(value.id, value)
      const kept = this.#heard.get(value.id)
      if (kept) {
        kept.samples.push(this.#sampleOf(value))
        if (kept.samples.length > MOST_HEARD) kept.samples.shift()
      }
      const listeners = this.#valueListeners.get(value.id)
      if (listeners) for (const listener of listeners) listener()
    }
    this.version++
    for (const listener of this.#anyListeners) listener()
  }
}
