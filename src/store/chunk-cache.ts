import type Database from 'better-sqlite3'
import { type DecodedChunk, decodeChunk } from './chunk-codec.ts'

/** Decoded chunks that are kept: whoever pages through a series reads the same one again and again. */
const MOST = 16

/** Where a chunk lies, by source times. */
export interface ChunkPlace {
  readonly id: number
  readonly firstTime: number
  readonly lastTime: number
}

interface ChunkData {
  readonly codec: number
  readonly count: number
  readonly data: Buffer
}

/** Reads chunks by their ids, which never come to mean another chunk. */
export class ChunkCache {
  readonly #find: Database.Statement<[number], ChunkData>
  readonly #decoded = new Map<number, DecodedChunk>()

  constructor(database: Database.Database) {
    this.#find = database.prepare('SELECT codec, count, data FROM chunks WHERE id = ?')
  }

  /** The samples of a chunk, in ascending order; throws where there is no such chunk, or its bytes are damaged. */
  samples({ id }: ChunkPlace): DecodedChunk {
    const known = this.#decoded.get(id)
    if (known) {
      this.#decoded.delete(id)
      this.#decoded.set(id, known)
      return known
    }
    const found = this.#find.get(id)
    if (!found) throw new RangeError(`The history has no chunk ${id}`)
    const samples = decodeChunk(found.codec, found.data, found.count)
    this.#decoded.set(id, samples)
    if (this.#decoded.size > MOST) {
      for (const oldest of this.#decoded.keys()) {
        this.#decoded.delete(oldest)
        break
      }
    }
    return samples
  }
}
