import type { Milliseconds } from '../../core/clock.ts'

/** Frames of which it is remembered that they are missing, in ranges; of older ones only the number. */
const RANGES = 16
/** MAX_FCNT_GAP of LoRaWAN 1.0.3 §4.3.1.5: a counter that jumps back by more than the rest of its range rolled over. */
const MAX_GAP = 16_384
const LARGEST_16 = 0xffff
const LARGEST_32 = 0xffff_ffff

/** As it is kept on disk. */
export interface FrameCounterMemory {
  readonly lost: number
  readonly devAddr: string
  /** The newest frame's counter, -1 after a join; and its time. */
  readonly last: number
  readonly at: Milliseconds
  readonly missing: readonly (readonly [from: number, to: number])[]
  /** ChirpStack refused a frame since. */
  readonly refused: boolean
}

export interface CountedFrame {
  readonly fCnt: unknown
  readonly devAddr: unknown
  /** Not in the future: a frame must not stand for all later ones. */
  readonly time: Milliseconds
}

/**
 * Which uplinks of a device are missing, by their frame counter (FCntUp, LoRaWAN 1.0.4 §4.3.1.5): a device counts each
 * frame that it sends, from 0 in each session. A frame that comes late is missing no more. A new session begins with a
 * join, or shows by another DevAddr, or by a counter that begins anew (an ABP device that was reset).
 */
export class FrameCounter {
  #lost: number
  #devAddr: string
  #last: number | undefined
  #at: Milliseconds
  #missing: (readonly [number, number])[]
  #refused: boolean

  constructor(memory?: FrameCounterMemory) {
    this.#lost = memory?.lost ?? 0
    this.#devAddr = memory?.devAddr ?? ''
    this.#last = memory?.last
    this.#at = memory?.at ?? Number.NEGATIVE_INFINITY
    this.#missing = [...(memory?.missing ?? [])]
    this.#refused = memory?.refused ?? false
  }

  /** Uplinks that were sent and have not come; undefined while no frame was heard, so that nothing can be said. */
  get lost(): number | undefined {
    return this.#last === undefined ? undefined : this.#lost
  }

  /** An uplink that is new. Without a frame counter it says nothing. */
  uplink({ fCnt, devAddr, time }: CountedFrame): void {
    if (typeof fCnt !== 'number' || !Number.isInteger(fCnt) || fCnt < 0 || fCnt > LARGEST_32) return
    const address = typeof devAddr === 'string' ? devAddr : ''
    const last = this.#last
    if (last === undefined) {
      this.#begin(address, fCnt, time)
    } else if (address !== this.#devAddr) {
      if (time <= this.#at) return
      this.#begin(address, fCnt, time)
      this.#miss(0, fCnt - 1)
    } else if (fCnt > last) {
      // Whatever its time: the clocks of two gateways may swap those of two frames.
      this.#miss(last + 1, fCnt - 1)
      this.#advance(fCnt, time)
    } else if (time <= this.#at) {
      this.#found(fCnt)
    } else if (fCnt < last) {
      this.#wentBack(last, fCnt, time)
    } else {
      this.#at = time
    }
  }

  /** The device joined: its next frame is the first of a new session (LoRaWAN 1.0.4 §6.2.5). */
  join({ devAddr, time }: Omit<CountedFrame, 'fCnt'>): void {
    if (time > this.#at) this.#begin(typeof devAddr === 'string' ? devAddr : '', -1, time)
  }

  /** ChirpStack heard a frame whose counter went back, and dropped it (log event UPLINK_F_CNT_RESET). */
  refused(): void {
    if (this.#last === undefined) return
    this.#lost++
    this.#refused = true
  }

  toMemory(): FrameCounterMemory | undefined {
    if (this.#last === undefined) return undefined
    return {
      lost: this.#lost,
      devAddr: this.#devAddr,
      last: this.#last,
      at: this.#at,
      missing: this.#missing,
      refused: this.#refused,
    }
  }

  #wentBack(last: number, fCnt: number, time: Milliseconds): void {
    const largest = last > LARGEST_16 ? LARGEST_32 : LARGEST_16
    const ahead = largest - last + fCnt
    if (ahead < MAX_GAP) {
      this.#miss(last + 1, largest)
      this.#miss(0, fCnt - 1)
      this.#advance(fCnt, time)
      return
    }
    // Frames of the new session that were refused are counted already; a counter that begins high says nothing.
    const begunUnheard = !this.#refused && fCnt < MAX_GAP
    this.#begin(this.#devAddr, fCnt, time)
    if (begunUnheard) this.#miss(0, fCnt - 1)
  }

  #begin(devAddr: string, last: number, time: Milliseconds): void {
    this.#devAddr = devAddr
    this.#missing = []
    this.#advance(last, time)
  }

  #advance(fCnt: number, time: Milliseconds): void {
    this.#last = fCnt
    this.#at = Math.max(this.#at, time)
    this.#refused = false
  }

  #miss(from: number, to: number): void {
    if (from > to) return
    this.#lost += to - from + 1
    this.#missing.push([from, to])
    this.#forgetOldest()
  }

  #found(fCnt: number): void {
    const position = this.#missing.findIndex(([from, to]) => fCnt >= from && fCnt <= to)
    const range = this.#missing[position]
    if (!range) return
    const [from, to] = range
    const left: (readonly [number, number])[] = [
      [from, fCnt - 1],
      [fCnt + 1, to],
    ]
    this.#missing.splice(position, 1, ...left.filter(([first, last]) => first <= last))
    this.#lost--
    this.#forgetOldest()
  }

  #forgetOldest(): void {
    while (this.#missing.length > RANGES) this.#missing.shift()
  }
}
