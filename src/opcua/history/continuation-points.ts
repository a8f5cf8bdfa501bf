/** Continuation points that a session may hold; with one more, its oldest expires (announced to clients). */
export const CONTINUATION_POINTS_PER_SESSION = 1_000

/** A read that was answered in part: of which node, and where and how it goes on. */
export interface Continuation<Position> {
  readonly nodeId: string
  readonly position: Position
}

/**
 * The continuation points of HistoryRead (OPC 10000-4 §7.9): a few numbers each, which belong to one session and node
 * and end with the session, when they are released, and when they were used. What they stand for is read anew each
 * time, so the file may change or be another one meanwhile.
 */
export class ContinuationPoints<Position> {
  readonly #ofSession = new WeakMap<object, Map<string, Continuation<Position>>>()
  #last = 0n

  keep(session: object, continuation: Continuation<Position>): Buffer {
    let held = this.#ofSession.get(session)
    if (!held) {
      held = new Map()
      this.#ofSession.set(session, held)
    }
    if (held.size >= CONTINUATION_POINTS_PER_SESSION) {
      for (const oldest of held.keys()) {
        held.delete(oldest)
        break
      }
    }
    const point = Buffer.alloc(8)
    point.writeBigUInt64BE(++this.#last)
    held.set(point.toString('hex'), continuation)
    return point
  }

  /** Undefined where it is not of this session and node, or has expired. */
  find(session: object, nodeId: string, point: Uint8Array): Position | undefined {
    const found = this.#ofSession.get(session)?.get(Buffer.from(point).toString('hex'))
    return found?.nodeId === nodeId ? found.position : undefined
  }

  release(session: object, point: Uint8Array): void {
    this.#ofSession.get(session)?.delete(Buffer.from(point).toString('hex'))
  }
}
