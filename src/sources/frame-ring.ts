import type { Clock } from '../core/clock.ts'
import type { FrameRecord } from '../core/diagnostics.ts'
import type { FrameTap, FrameWorth } from './frame-tap.ts'

/** Entries that are kept. */
export const FRAMES_KEPT = 200
/** Room for a frame grows in steps of so many bytes. */
const STEP = 32
const kinds = ['sent', 'answer', 'stray', 'invalid', 'note'] as const

/**
 * What a frame says, in words. `request`: the sent frame that it answers, where it is still known.
 */
export interface FrameWords {
  describe(frame: Buffer, sent: boolean, request: Buffer | undefined): string
  /** Of two frames one answers the other if both have the same; undefined: nothing tells. */
  exchange(frame: Buffer): number | undefined
}

/**
 * The last frames of a source. Frames are copied into room that is used again, so that a frame costs little while
 * nobody looks; only who asks pays for their words.
 */
export class FrameRing implements FrameTap {
  readonly #clock: Clock
  readonly #words: FrameWords
  readonly #at = new Float64Array(FRAMES_KEPT)
  readonly #kind = new Uint8Array(FRAMES_KEPT)
  readonly #length = new Uint16Array(FRAMES_KEPT)
  readonly #bytes: Buffer[] = []
  readonly #notes: (string | undefined)[] = []
  #count = 0

  constructor(clock: Clock, words: FrameWords) {
    this.#clock = clock
    this.#words = words
  }

  sent(frame: Uint8Array): void {
    this.#keep('sent', frame)
  }

  received(frame: Uint8Array, worth: FrameWorth): void {
    this.#keep(worth, frame)
  }

  noted(text: string): void {
    const slot = this.#enter('note')
    this.#length[slot] = 0
    this.#notes[slot] = text
  }

  /** The entries after number `after` that are still there, and how many are not. */
  since(after: number): { readonly frames: FrameRecord[]; readonly missed: number } {
    const oldest = Math.max(0, this.#count - FRAMES_KEPT)
    const requests = new Map<number, Buffer>()
    const frames: FrameRecord[] = []
    for (let number = oldest + 1; number <= this.#count; number++) {
      const record = this.#record(number, requests)
      if (number > after) frames.push(record)
    }
    return { frames, missed: Math.max(0, oldest - Math.max(0, after)) }
  }

  #record(number: number, requests: Map<number, Buffer>): FrameRecord {
    const slot = (number - 1) % FRAMES_KEPT
    const kind = kinds[this.#kind[slot]!] as FrameRecord['kind']
    const head = { number, at: this.#at[slot]!, kind }
    if (kind === 'note') return { ...head, hex: '', text: this.#notes[slot] ?? '' }
    const frame = Buffer.from(this.#bytes[slot]!.subarray(0, this.#length[slot]))
    const exchange = this.#words.exchange(frame)
    if (kind === 'sent' && exchange !== undefined) requests.set(exchange, frame)
    const request = kind === 'sent' || exchange === undefined ? undefined : requests.get(exchange)
    return { ...head, hex: frame.toString('hex'), text: this.#words.describe(frame, kind === 'sent', request) }
  }

  #keep(kind: 'sent' | FrameWorth, frame: Uint8Array): void {
    const slot = this.#enter(kind)
    const length = Math.min(frame.length, 0xffff)
    let room = this.#bytes[slot]
    if (!room || room.length < length) {
      room = Buffer.allocUnsafeSlow(Math.ceil(Math.max(1, length) / STEP) * STEP)
      this.#bytes[slot] = room
    }
    room.set(length === frame.length ? frame : frame.subarray(0, length))
    this.#length[slot] = length
    if (this.#notes[slot] !== undefined) this.#notes[slot] = undefined
  }

  #enter(kind: FrameRecord['kind']): number {
    const slot = this.#count++ % FRAMES_KEPT
    this.#at[slot] = this.#clock.now()
    this.#kind[slot] = kinds.indexOf(kind)
    return slot
  }
}
