import { status } from '@grpc/grpc-js'
import { CallError } from './call-error.ts'

/** Streams that are open at the same time, of one user and of all. */
const OF_A_USER = 32
const OF_ALL = 256

/** Bounds how many streams are open. */
export class StreamQuota {
  readonly #ofUsers = new Map<string, number>()
  #all = 0

  /** Counts a stream of this user; the answer ends it. Throws CallError: RESOURCE_EXHAUSTED. */
  take(user: string): () => void {
    const own = this.#ofUsers.get(user) ?? 0
    if (own >= OF_A_USER) throw full(`${user} has ${OF_A_USER} streams open already, which is the most of one user`)
    if (this.#all >= OF_ALL) throw full(`${OF_ALL} streams are open already, which is the most of all users together`)
    this.#ofUsers.set(user, own + 1)
    this.#all++
    return () => {
      this.#all--
      const left = (this.#ofUsers.get(user) ?? 1) - 1
      if (left === 0) this.#ofUsers.delete(user)
      else this.#ofUsers.set(user, left)
    }
  }
}

const full = (what: string) =>
  new CallError(status.RESOURCE_EXHAUSTED, 'STREAMS_FULL', `${what}; end one of them, or name more tags in one stream.`)
