import { type LineFraming, type LineListener, type LineReader, MOST_SKIPPED } from './line-framing.ts'

const COLON = 0x3a
const CARRIAGE_RETURN = 0x0d
const LINE_FEED = 0x0a
/** Two digits for each byte of the ADU and the LRC, between colon and CR LF. */
const MOST_FRAME_CHARACTERS = 513

/** MODBUS over Serial Line V1.02 §2.5.2: a colon, hexadecimal digits with the LRC at their end, CR and LF. */
export const asciiFraming: LineFraming = {
  encode(adu) {
    const digits = Buffer.concat([adu, Buffer.of(lrc(adu))]).toString('hex')
    return Buffer.from(`:${digits.toUpperCase()}\r\n`, 'latin1')
  },
  charactersOf: (aduBytes) => 2 * (aduBytes + 1) + 3,
  reader: (listener) => new AsciiReader(listener),
}

/** The two's complement of the sum of all bytes (§6.2.1). */
export function lrc(adu: Uint8Array): number {
  let sum = 0
  for (const byte of adu) sum += byte
  return -sum & 0xff
}

/** A colon begins a frame wherever it comes; what is between frames is noise. */
class AsciiReader implements LineReader {
  readonly #listener: LineListener
  /** The characters after the colon; undefined between frames. */
  #open: number[] | undefined
  #inNoise = false
  /** What was left out since the last frame. */
  #skipped: number[] = []

  constructor(listener: LineListener) {
    this.#listener = listener
  }

  expect(): void {
    this.clear()
  }

  push(bytes: Buffer): void {
    for (const byte of bytes) this.#take(byte)
  }

  /** A pause changes nothing: there may be a second between two characters. */
  silent(): void {
    this.#inNoise = false
  }

  clear(): void {
    if (this.#open) this.#leaveOut([COLON, ...this.#open])
    this.#open = undefined
    this.#endNoise()
  }

  #take(byte: number): void {
    if (byte === COLON) {
      if (this.#open) this.#leaveOut([COLON, ...this.#open])
      this.#open = []
      return
    }
    if (!this.#open) {
      this.#leaveOut([byte])
      return
    }
    this.#open.push(byte)
    if (byte !== LINE_FEED && this.#open.length < MOST_FRAME_CHARACTERS) return
    const characters = [COLON, ...this.#open]
    this.#open = undefined
    const frame = Buffer.from(characters)
    const adu = aduOfAscii(frame)
    if (!adu) {
      this.#leaveOut(characters)
      return
    }
    this.#endNoise()
    this.#listener.frame(adu, frame)
  }

  #leaveOut(characters: readonly number[]): void {
    if (!this.#inNoise) this.#listener.noise()
    this.#inNoise = true
    if (this.#skipped.length < MOST_SKIPPED) this.#skipped.push(...characters)
  }

  #endNoise(): void {
    this.#inNoise = false
    if (this.#skipped.length === 0) return
    this.#listener.skipped(Buffer.from(this.#skipped))
    this.#skipped = []
  }
}

/** What stands between colon and CR LF, if this is a frame whose LRC is right. */
export function aduOfAscii(frame: Buffer): Buffer | undefined {
  if (frame[0] !== COLON || frame.at(-2) !== CARRIAGE_RETURN || frame.at(-1) !== LINE_FEED) return undefined
  const digits = frame.toString('latin1', 1, frame.length - 2)
  if (!/^(?:[0-9A-Fa-f]{2}){4,}$/.test(digits)) return undefined
  const bytes = Buffer.from(digits, 'hex')
  const adu = bytes.subarray(0, -1)
  return bytes.at(-1) === lrc(adu) ? adu : undefined
}
