const BEGINNING = 1_024

/** Bytes that are written one after the other. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(BEGINNING)
  #length = 0

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A whole number from 0 to 2^53 - 1: seven bits a byte, the lowest first, the highest bit says that more follow. */
  unsigned(value: number): void {
    this.#reserve(8)
    while (value >= 0x80) {
      this.#bytes[this.#length++] = (value % 0x80) | 0x80
      value = Math.floor(value / 0x80)
    }
    this.#bytes[this.#length++] = value
  }

  /** A whole number between -2^52 and 2^52, small where it is near 0. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Words of `size` bytes, all first bytes before all second ones: bytes of the same worth are alike. */
  planes(words: Uint8Array, size: number): void {
    const count = words.length / size
    this.#reserve(words.length)
    for (let plane = 0; plane < size; plane++) {
      for (let word = 0; word < count; word++) {
        this.#bytes[this.#length + plane * count + word] = words[word * size + plane] as number
      }
    }
    this.#length += words.length
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

/** Reads what a `ByteWriter` wrote; throws RangeError at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError('The bytes of a chunk end too early')
    return byte
  }

  unsigned(): number {
    const bytes = this.#bytes
    let at = this.#at
    let byte = bytes[at++] as number
    let value = byte & 0x7f
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = bytes[at++] as number
      value += (byte & 0x7f) * scale
    }
    if (at > bytes.length) throw new RangeError('The bytes of a chunk end too early')
    this.#at = at
    return value
  }

  signed(): number {
    const value = this.unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  planes(count: number, size: number): Uint8Array {
    const planes = this.raw(count * size)
    const words = new Uint8Array(count * size)
    for (let plane = 0; plane < size; plane++) {
      for (let word = 0; word < count; word++) words[word * size + plane] = planes[plane * count + word] as number
    }
    return words
  }

  raw(length: number): Buffer {
    const from = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) throw new RangeError('The bytes of a chunk end too early')
    return this.#bytes.subarray(from, this.#at)
  }
}
