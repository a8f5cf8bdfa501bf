/** One item of a read or write request: where and how much, as the request says it (S7ANY). */
export interface ItemAddress {
  readonly transport: number
  readonly count: number
  readonly db: number
  readonly area: number
  /** Address in bits from the beginning of the data block. */
  readonly bit: number
}

/** Return codes of items, as S7 CPUs give them. */
export const ReturnCode = {
  done: 0xff,
  accessDenied: 0x03,
  outOfRange: 0x05,
  badType: 0x06,
  noSuchBlock: 0x0a,
} as const

export type Fetched =
  | { readonly code: typeof ReturnCode.done; readonly bytes: Buffer; readonly asBit: boolean }
  | { readonly code: number }

const DATA_BLOCK_AREA = 0x84
const BIT = 0x01
/** Bytes of one element by its transport size: BYTE, CHAR, WORD, INT, DWORD, DINT, REAL. */
const elementBytes: ReadonlyMap<number, number> = new Map([
  [0x02, 1],
  [0x03, 1],
  [0x04, 2],
  [0x05, 2],
  [0x06, 4],
  [0x07, 4],
  [0x08, 4],
])

/** The memory of a simulated CPU: numbered data blocks, of which the network may write some. */
export class DataBlocks {
  readonly #blocks: ReadonlyMap<number, Buffer>
  readonly #writable: ReadonlySet<number>

  constructor(blocks: ReadonlyMap<number, Buffer>, writable: ReadonlySet<number>) {
    this.#blocks = blocks
    this.#writable = writable
  }

  /** The block's live bytes, undefined where there is none. */
  get(db: number): Buffer | undefined {
    return this.#blocks.get(db)
  }

  /** What a read of the item gives. */
  fetch(item: ItemAddress): Fetched {
    const block = item.area === DATA_BLOCK_AREA ? this.#blocks.get(item.db) : undefined
    if (!block) return { code: ReturnCode.noSuchBlock }
    const start = item.bit >> 3
    if (item.transport === BIT) {
      if (item.count !== 1) return { code: ReturnCode.badType }
      const byte = block[start]
      if (byte === undefined) return { code: ReturnCode.outOfRange }
      return { code: ReturnCode.done, bytes: Buffer.of((byte >> (item.bit & 7)) & 1), asBit: true }
    }
    const size = elementBytes.get(item.transport)
    if (size === undefined) return { code: ReturnCode.badType }
    const end = start + size * item.count
    if (item.count === 0 || end > block.length) return { code: ReturnCode.outOfRange }
    return { code: ReturnCode.done, bytes: block.subarray(start, end), asBit: false }
  }

  /** Writes the item's data; answers its return code, and changes nothing unless that is `done`. */
  store(item: ItemAddress, data: Buffer): number {
    const there = this.fetch(item)
    if (!('bytes' in there)) return there.code
    const block = this.#blocks.get(item.db)
    if (!block || !this.#writable.has(item.db)) return ReturnCode.accessDenied
    if (data.length !== there.bytes.length) return ReturnCode.badType
    if (there.asBit) {
      const mask = 1 << (item.bit & 7)
      const before = block.readUInt8(item.bit >> 3)
      block.writeUInt8(data[0] === 0 ? before & ~mask & 0xff : before | mask, item.bit >> 3)
    } else {
      data.copy(block, item.bit >> 3)
    }
    return ReturnCode.done
  }
}
