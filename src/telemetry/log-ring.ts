/** Two numbers: where the next byte goes, and whether the ring has been round once. */
const HEAD_BYTES = 8

/**
 * The newest lines of one thread's log, in memory that outlives the thread: what it said last is what matters when it
 * dies. One thread writes; any may read.
 */
export class LogRing {
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  /** The same buffer, over and over, for each thread of a name. */
  constructor(buffer: SharedArrayBuffer) {
    this.#head = new Int32Array(buffer, 0, HEAD_BYTES / 4)
    this.#bytes = new Uint8Array(buffer, HEAD_BYTES)
  }

  /** Memory for about `bytes` of lines. */
  static buffer(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + bytes)
  }

  /** Adds a line, without a newline in it; the oldest give way. One that is longer than the ring is cut. */
  write(line: string): void {
    const given = Buffer.from(`${line}\n`)
    const { length } = this.#bytes
    const kept = given.length > length ? given.subarray(given.length - length) : given
    const at = Atomics.load(this.#head, 0)
    const first = kept.subarray(0, length - at)
    this.#bytes.set(first, at)
    this.#bytes.set(kept.subarray(first.length), 0)
    if (at + kept.length >= length) Atomics.store(this.#head, 1, 1)
    Atomics.store(this.#head, 0, (at + kept.length) % length)
  }

  /** Whole lines, the oldest first. */
  lines(): string[] {
    const at = Atomics.load(this.#head, 0)
    const isFull = Atomics.load(this.#head, 1) === 1
    const copy = Buffer.from(this.#bytes)
    const text = (isFull ? Buffer.concat([copy.subarray(at), copy.subarray(0, at)]) : copy.subarray(0, at)).toString()
    // Of the oldest, and of one that was being written meanwhile, a part may be gone.
    return text.split('\n').filter(isRecord)
  }
}

function isRecord(line: string): boolean {
  if (!line.startsWith('{')) return false
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
