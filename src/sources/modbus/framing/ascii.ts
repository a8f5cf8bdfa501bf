import type { LineFraming, LineListener, LineReader } from './line-framing.ts'

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
    if (this.#open) this.#noise()
    this.#open = undefined
    this.#inNoise = false
  }

  #take(byte: number): void {
    if (byte === COLON) {
      if (this.#open) this.#noise()
      this.#open = []
      return
    }
    if (!this.#open) {
      this.#noise()
      return
    }
    this.#open.push(byte)
    if (byte !== LINE_FEED && this.#open.length < MOST_FRAME_CHARACTERS) return
    const adu = aduOf(this.#open)
    this.#open = undefined
    if (!adu) {
      this.#noise()
      return
    }
    this.#inNoise = false
    this.#listener.frame(adu)
  }

  #noise(): void {
    if (!this.#inNoise) this.#listener.noise()
    this.#inNoise = true
  }
}

/** What stands between colon and LF, if it is a frame whose LRC is right. */
function aduOf(characters: readonly number[]): Buffer | undefined {
  if (characters.at(-2) !== CARRIAGE_RETURN || characters.at(-1) !== LINE_FEED) return undefined
  const digits = String.fromCharCode(...characters.slice(0, -2))
  if (!/^(?:[0-9A-Fa-f]{2}){4,}$/.test(digits)) return undefined
  const bytes = Buffer.from(digits, 'hex')
  const adu = bytes.subarray(0, -1)
  return bytes.at(-1) === lrc(adu) ? adu : undefined
}
