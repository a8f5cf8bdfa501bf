import type { OnReadOpts } from 'node:net'

/** Frames have 260 bytes at most; what does not fit at once comes in several pieces. */
const ROOM_BYTES = 4_096

/**
 * Where a plain socket puts what arrives, one piece after the other in the same room. Without it Node allocates 64 KiB
 * for each piece and takes it through a stream, which costs about as much as all else that is done with an answer.
 */
export class ReceiveRoom {
  /** For the options of the socket. */
  readonly onread: OnReadOpts
  #listener: ((bytes: Buffer) => void) | undefined
  /** What came before anybody listened. */
  #early: Buffer[] = []

  constructor() {
    const room = Buffer.allocUnsafeSlow(ROOM_BYTES)
    const callback = (count: number) => {
      // A copy, since who takes it may keep it, and the next piece overwrites the room.
      const piece = Buffer.allocUnsafe(count)
      room.copy(piece, 0, 0, count)
      if (this.#listener) this.#listener(piece)
      else this.#early.push(piece)
      return true
    }
    this.onread = { buffer: room, callback }
  }

  /** From now on `data` is given each piece, and first those that are there already. */
  listen(data: (bytes: Buffer) => void): void {
    this.#listener = data
    const early = this.#early
    this.#early = []
    for (const piece of early) data(piece)
  }
}
