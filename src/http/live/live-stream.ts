import { PassThrough } from 'node:stream'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import type { EngineFeed } from './engine-feed.ts'
import type { PlantMirror } from './plant-mirror.ts'
import { type Selection, selected } from './selection.ts'
import { valueAnswer } from './value-answer.ts'

/** Changes are told together, four times a second. */
const TELL_EVERY: Milliseconds = 250
/** So that both ends notice when the other one is gone; also how often it is asked whether the session goes on. */
const BEAT_EVERY: Milliseconds = 5_000
/** A reader that takes nothing for so long is dropped; it can go on where it was. */
const SLOW_AFTER: Milliseconds = 30_000
/** The first look at the engine may take as long before it is called gone. */
const PATIENCE: Milliseconds = 3_000
const TAGS_AN_EVENT = 2_000
/** How soon a browser asks again. */
const RETRY_MS = 1_000

export interface LiveStreamParts {
  readonly feed: EngineFeed
  readonly selection: Selection | 'none'
  /** The id of the last event that the reader has; undefined: none. */
  readonly after: string | undefined
  readonly clock: Clock
  /** Whether the reader may still read. */
  readonly mayRead: () => Promise<boolean>
}

/**
 * What changes, as server-sent events. Nothing is kept for a reader but how far it is: a slow one gets the latest of
 * each tag, later, and one that comes back what is different since its last event.
 *
 * Events: `values` (tags that changed), `sources` (how every source is), `plant` (its revision; tags may have come and
 * gone), `engine` (whether it is heard) and `beat`.
 */
export class LiveStream {
  readonly body = new PassThrough()
  readonly #parts: LiveStreamParts
  readonly #ends: (() => void)[] = []
  /** What the reader knows: up to which change, of which mirror. */
  #mirror: PlantMirror | undefined
  #known = 0
  #tags: readonly IndexedTag[] = []
  #revision = ''
  #toldUnheard = false
  readonly #begunAt: Milliseconds
  #waitingSince: Milliseconds | undefined

  constructor(parts: LiveStreamParts) {
    this.#parts = parts
    const { clock, feed, after } = parts
    this.#begunAt = clock.monotonic()
    const { mirror } = feed
    const [epoch, change] = after?.split(':') ?? []
    if (mirror && epoch === mirror.epoch && Number.isSafeInteger(Number(change))) {
      this.#mirror = mirror
      this.#known = Math.min(Number(change), mirror.change)
      this.#select(mirror)
    }
    this.body.write(`retry: ${RETRY_MS}\n\n`)
    this.#ends.push(
      feed.hold(),
      clock.every(TELL_EVERY, () => this.#tell()),
      clock.every(BEAT_EVERY, () => void this.#beat()),
    )
    this.body.on('close', () => this.end())
    this.body.on('drain', () => {
      this.#waitingSince = undefined
    })
    this.#tell()
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end()
    if (!this.body.destroyed) this.body.end()
  }

  #tell(): void {
    const { feed, clock } = this.#parts
    if (this.#waitingSince !== undefined) {
      if (clock.monotonic() - this.#waitingSince > SLOW_AFTER) this.body.destroy()
      return
    }
    const { mirror } = feed
    if (!mirror) {
      if (this.#toldUnheard || clock.monotonic() - this.#begunAt < PATIENCE) return
      this.#event('engine', { heard: false })
      this.#toldUnheard = true
      return
    }
    if (mirror !== this.#mirror) {
      this.#mirror = mirror
      this.#known = 0
    }
    const since = this.#known
    if (mirror.change === since) return
    if (mirror.revision !== this.#revision) this.#select(mirror)
    this.#known = mirror.change
    if (mirror.plantChangedAt > since) this.#event('plant', { revision: mirror.revision })
    if (mirror.heardChangedAt > since || this.#toldUnheard) this.#event('engine', { heard: mirror.heard })
    this.#toldUnheard = false
    if (mirror.sourcesChangedAt > since) this.#event('sources', { sources: mirror.sources })
    const changed = this.#tags.filter(({ index }) => mirror.changedSince(index, since))
    for (let from = 0; from < changed.length; from += TAGS_AN_EVENT) {
      const part = changed.slice(from, from + TAGS_AN_EVENT)
      const isLast = from + TAGS_AN_EVENT >= changed.length
      this.#event(
        'values',
        { values: part.map((tag) => valueAnswer(mirror, tag)) },
        isLast ? this.#position : undefined,
      )
    }
  }

  get #position(): string | undefined {
    return this.#mirror && `${this.#mirror.epoch}:${this.#known}`
  }

  #select(mirror: PlantMirror): void {
    this.#revision = mirror.revision
    const { selection } = this.#parts
    this.#tags = selection === 'none' ? [] : selected(mirror, selection)
  }

  async #beat(): Promise<void> {
    if (!(await this.#parts.mayRead())) {
      this.#event('logout', {})
      this.end()
      return
    }
    this.#event('beat', { now: this.#parts.clock.now() }, this.#position)
  }

  #event(name: string, data: object, id?: string): void {
    if (this.body.destroyed || this.body.writableEnded) return
    const idLine = id === undefined ? '' : `id: ${id}\n`
    const taken = this.body.write(`${idLine}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    if (!taken) this.#waitingSince ??= this.#parts.clock.monotonic()
  }
}
