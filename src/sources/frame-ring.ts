import type { Clock } from '../core/clock.ts'
import type { FrameRecord } from '../core/diagnostics.ts'
import type { FrameTap, FrameWorth } from './frame-tap.ts'

/** Entries that are kept. */
export const FRAMES_KEPT = 200
/** What is kept of a frame; none of Modbus or S7 is longer. */
const MOST_BYTES = 1_100
/** The room grows from here, by doubling, until the entries fit. */
const FIRST_ROOM = 4_096
const kinds = ['sent', 'answer', 'stray', 'invalid', 'note'] as const

/**
 * What a frame says, in words. `request`: the sent frame that it answers, where it is still known.
 */
export interface FrameWords {
  describe(frame: Buffer, sent: boolean, request: Buffer | undefined): string
  /** An answer belongs to the last frame that was sent with the same number; undefined: nothing tells. */
  exchange(frame: Buffer, kind: 'sent' | FrameWorth): number | undefined
}

/**
 * The last frames of a source. Frames are copied one behind the other into room that is used again and is no larger
 * than they need, so that a frame costs little while nobody looks; only who asks pays for their words.
 */
export class FrameRing implements FrameTap {
  readonly #clock: Clock
  readonly #words: FrameWords
  readonly #at = new Float64Array(FRAMES_KEPT)
  readonly #kind = new Uint8Array(FRAMES_KEPT)
  readonly #length = new Uint16Array(FRAMES_KEPT)
  /** Where its bytes begin, counted over all rounds through the room. */
  readonly #start = new Float64Array(FRAMES_KEPT)
  #room = Buffer.alloc(0)
  #end = 0
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
    this.#start[slot] = this.#end
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
    const frame = Buffer.from(this.#bytesOf(slot))
    const exchange = this.#words.exchange(frame, kind)
    if (kind === 'sent' && exchange !== undefined) requests.set(exchange, frame)
    const request = kind === 'sent' || exchange === undefined ? undefined : requests.get(exchange)
    return { ...head, hex: frame.toString('hex'), text: this.#words.describe(frame, kind === 'sent', request) }
  }

  #keep(kind: 'sent' | FrameWorth, frame: Uint8Array): void {
    const slot = this.#enter(kind)
    const length = Math.min(frame.length, MOST_BYTES)
    this.#length[slot] = length
    this.#start[slot] = this.#reserve(length)
    this.#room.set(length === frame.length ? frame : frame.subarray(0, length), this.#start[slot] % this.#room.length)
    if (this.#notes[slot] !== undefined) this.#notes[slot] = undefined
  }

  /** Where so many bytes go: in one piece, and over none that are still kept. */
  #reserve(length: number): number {
    const { length: room } = this.#room
    const tail = room === 0 ? 0 : room - (this.#end % room)
    const start = this.#end + (length > tail ? tail : 0)
    // The newest entry is the one that the bytes are for; the oldest kept one is behind it in the circle.
    const oldest = this.#count > FRAMES_KEPT ? this.#start[this.#count % FRAMES_KEPT]! : 0
    if (start + length - oldest > room) {
      this.#grow()
      return this.#reserve(length)
    }
    this.#end = start + length
    return start
  }

  #grow(): void {
    const room = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM, 2 * this.#room.length))
    let end = 0
    for (let number = Math.max(1, this.#count - FRAMES_KEPT + 1); number < this.#count; number++) {
      const slot = (number - 1) % FRAMES_KEPT
      end += this.#bytesOf(slot).copy(room, end)
      this.#start[slot] = end - this.#length[slot]!
    }
    this.#room = room
    this.#end = end
  }

  #bytesOf(slot: number): Buffer {
    if (this.#length[slot] === 0) return this.#room.subarray(0, 0)
    const from = this.#start[slot]! % this.#room.length
    return this.#room.subarray(from, from + this.#length[slot]!)
  }

  #enter(kind: FrameRecord['kind']): number {
    const slot = this.#count++ % FRAMES_KEPT
    this.#at[slot] = this.#clock.now()
    this.#kind[slot] = kinds.indexOf(kind)
    return slot
  }
}
