import { type Clock, type Milliseconds, pause } from '../core/clock.ts'
import { isRetryable, PenstockError } from '../core/errors.ts'
import type { IndexedTag } from '../core/tag-index.ts'
import type { EngineFeed } from '../http/live/engine-feed.ts'
import type { PlantMirror } from '../http/live/plant-mirror.ts'
import { type Selection, selected } from '../http/live/selection.ts'
import { changeOf, cursorOf } from './cursor.ts'
import { inParts, weightOf } from './parts.ts'
import { type SourceHealthMessage, sourceHealthMessage, weightOfHealth } from './source-health.ts'
import { type TimeMessage, timestamp } from './timestamps.ts'
import { type TagSampleMessage, tagSampleMessage } from './values.ts'

/** Changes are told together, four times a second. */
const TELL_EVERY: Milliseconds = 250
/** So that both ends notice when the other one is gone. */
const BEAT_EVERY: Milliseconds = 5_000
/** A reader that takes a message only after so long is told that changes were merged. */
const SLOW_AFTER: Milliseconds = 5_000
/** The first look at the engine may take as long before it is called gone. */
const PATIENCE: Milliseconds = 3_000

type GapReason = 'REASON_CURSOR_UNKNOWN' | 'REASON_ENGINE_RESTARTED' | 'REASON_SLOW_READER'

type LiveEvent =
  | { readonly values: { readonly values: readonly TagSampleMessage[] } }
  | { readonly plant: { readonly revision: string; readonly missingTags: readonly string[] } }
  | { readonly sources: { readonly sources: readonly SourceHealthMessage[] } }
  | { readonly engine: { readonly heard: boolean } }
  | { readonly gap: { readonly reason: GapReason; readonly since: TimeMessage | undefined } }
  | { readonly beat: { readonly now: TimeMessage | undefined } }

/** penstock.v1.StreamValuesResponse. */
export type LiveMessage = LiveEvent & { readonly cursor: string }

export interface LiveValuesParts {
  readonly feed: Pick<EngineFeed, 'hold' | 'look' | 'mirror'>
  readonly clock: Clock
  readonly selection: Selection | 'none'
  /** The last that the reader has; empty: none. */
  readonly cursor: string
  readonly send: (message: LiveMessage) => Promise<void>
}

/**
 * Tells one reader what changes. Nothing is kept for it but how far it is and the message that it is taking: a slow one
 * gets the latest of each tag, later, and one that comes back what is different since its cursor.
 */
export class LiveValues {
  readonly #parts: LiveValuesParts
  /** What the reader knows: up to which change, of which mirror. */
  #mirror: PlantMirror | undefined
  #known = 0
  #tags: readonly IndexedTag[] = []
  #revision = ''
  #toldUnheard = false
  #slow = false
  /** When something was told last, by the clock on the wall; NaN: never. */
  #toldAt = Number.NaN

  constructor(parts: LiveValuesParts) {
    this.#parts = parts
  }

  /** Tells until the signal aborts. Rejects when the reader is gone. */
  async run(signal: AbortSignal): Promise<void> {
    const { feed, clock } = this.#parts
    const release = feed.hold()
    let beatAt = clock.monotonic()
    try {
      await feed.look(PATIENCE).catch(unlessSilent)
      while (!signal.aborted) {
        const { mirror } = feed
        if (mirror) await this.#tell(mirror)
        else await this.#tellUnheard()
        if (clock.monotonic() - beatAt >= BEAT_EVERY) {
          beatAt = clock.monotonic()
          await this.#beat()
        }
        await pause(clock, TELL_EVERY, signal)
      }
    } finally {
      release()
    }
  }

  async #tell(mirror: PlantMirror): Promise<void> {
    const gap = mirror === this.#mirror ? undefined : this.#follow(mirror)
    const since = this.#known
    if (mirror.change === since && !gap) return
    const known = mirror.change
    const events = [...this.#gaps(gap), ...this.#eventsSince(mirror, since)]
    this.#known = known
    this.#toldUnheard = false
    for (const [position, event] of events.entries()) {
      const isLast = position === events.length - 1
      await this.#send(event(), isLast ? cursorOf(mirror, known) : '')
    }
    this.#toldAt = this.#parts.clock.now()
  }

  /** Goes over to another mirror; answers why the reader may have missed something by that. */
  #follow(mirror: PlantMirror): GapReason | undefined {
    const { cursor } = this.#parts
    const isFirst = this.#mirror === undefined
    const change = isFirst ? changeOf(cursor, mirror) : undefined
    this.#mirror = mirror
    this.#known = change ?? 0
    if (!isFirst) return 'REASON_ENGINE_RESTARTED'
    return cursor !== '' && change === undefined ? 'REASON_CURSOR_UNKNOWN' : undefined
  }

  #gaps(reason: GapReason | undefined): (() => LiveEvent)[] {
    const given = reason ?? (this.#slow ? 'REASON_SLOW_READER' : undefined)
    this.#slow = false
    const since = timestamp(this.#toldAt)
    return given === undefined ? [] : [() => ({ gap: { reason: given, since } })]
  }

  /** What is different, each made when it is sent: a reader that is slow by then gets what holds then. */
  #eventsSince(mirror: PlantMirror, since: number): (() => LiveEvent)[] {
    const { selection } = this.#parts
    if (mirror.revision !== this.#revision) {
      this.#revision = mirror.revision
      this.#tags = selection === 'none' ? [] : selected(mirror, selection)
    }
    const events: (() => LiveEvent)[] = []
    if (mirror.plantChangedAt > since) {
      const missingTags = selection === 'none' ? [] : selection.tags.filter((id) => !mirror.indexing.byId(id))
      events.push(() => ({ plant: { revision: mirror.revision, missingTags } }))
    }
    if (mirror.heardChangedAt > since || this.#toldUnheard) events.push(() => ({ engine: { heard: mirror.heard } }))
    if (mirror.sourcesChangedAt > since) {
      for (const part of inParts(mirror.sources, weightOfHealth)) {
        events.push(() => ({ sources: { sources: part.map(sourceHealthMessage) } }))
      }
    }
    const changed = this.#tags.filter(({ index }) => mirror.changedSince(index, since))
    for (const part of inParts(changed, (tag) => weightOf(mirror.valueOf(tag).value))) {
      events.push(() => ({ values: { values: part.map((tag) => tagSampleMessage(mirror, tag)) } }))
    }
    return events
  }

  async #tellUnheard(): Promise<void> {
    if (this.#toldUnheard) return
    this.#toldUnheard = true
    await this.#send({ engine: { heard: false } }, '')
  }

  async #beat(): Promise<void> {
    const cursor = this.#mirror ? cursorOf(this.#mirror, this.#known) : ''
    await this.#send({ beat: { now: timestamp(this.#parts.clock.now()) } }, cursor)
  }

  async #send(event: LiveEvent, cursor: string): Promise<void> {
    const { clock, send } = this.#parts
    const begun = clock.monotonic()
    await send({ ...event, cursor })
    if (clock.monotonic() - begun >= SLOW_AFTER) this.#slow = true
  }
}

/** An engine that says nothing is waited for. */
function unlessSilent(error: unknown): void {
  if (!(error instanceof PenstockError && isRetryable(error))) throw error
}
