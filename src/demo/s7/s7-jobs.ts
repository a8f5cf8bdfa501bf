import type { DataBlocks, Fetched, ItemAddress } from './data-blocks.ts'

/** Answers the jobs of one connection as a CPU does: setup of communication, read, write; anything else is refused. */
export class JobServer {
  readonly #blocks: DataBlocks
  readonly #largestPdu: number
  /** Until a client sets up communication nothing else is answered. */
  #pdu = 0

  constructor(blocks: DataBlocks, largestPdu: number) {
    this.#blocks = blocks
    this.#largestPdu = largestPdu
  }

  /** The reply to a request PDU. Throws an Error for one that is malformed, whose sender is to be disconnected. */
  answer(request: Buffer): Buffer {
    if (request.length < 10 || request[0] !== 0x32 || request[1] !== JOB) throw new Error('Not an S7 job')
    const reference = request.readUInt16BE(4)
    const parameters = request.subarray(10, 10 + request.readUInt16BE(6))
    const data = request.subarray(10 + parameters.length)
    if (data.length !== request.readUInt16BE(8)) throw new Error('Lengths contradict each other')
    const called = parameters[0]
    if (called === SETUP && parameters.length === 8) return this.#setUp(reference, parameters)
    if (this.#pdu === 0) return refuse(reference, NOT_AVAILABLE)
    if (called === READ) return this.#read(reference, parameters)
    if (called === WRITE) return this.#write(reference, parameters, data)
    return refuse(reference, NOT_AVAILABLE)
  }

  #setUp(reference: number, parameters: Buffer): Buffer {
    this.#pdu = Math.min(parameters.readUInt16BE(6), this.#largestPdu)
    const granted = Buffer.from(parameters)
    granted.writeUInt16BE(Math.min(parameters.readUInt16BE(2), MOST_JOBS), 2)
    granted.writeUInt16BE(Math.min(parameters.readUInt16BE(4), MOST_JOBS), 4)
    granted.writeUInt16BE(this.#pdu, 6)
    return reply(reference, granted, Buffer.alloc(0))
  }

  #read(reference: number, parameters: Buffer): Buffer {
    const items = readItems(parameters)
    if (items.length > MOST_ITEMS) return refuse(reference, NOT_AVAILABLE)
    const parts: Buffer[] = []
    for (const [position, item] of items.entries()) {
      const part = itemData(this.#blocks.fetch(item))
      parts.push(part)
      if (part.length % 2 === 1 && position < items.length - 1) parts.push(FILL)
    }
    const answer = reply(reference, Buffer.of(READ, items.length), Buffer.concat(parts))
    return answer.length > this.#pdu ? refuse(reference, TOO_LONG) : answer
  }

  #write(reference: number, parameters: Buffer, data: Buffer): Buffer {
    const items = readItems(parameters)
    if (items.length > MOST_ITEMS) return refuse(reference, NOT_AVAILABLE)
    let at = 0
    const codes = items.map((item) => {
      const inBits = data[at + 1] === BYTES_IN_BITS
      const length = inBits ? data.readUInt16BE(at + 2) / 8 : data.readUInt16BE(at + 2)
      const code = this.#blocks.store(item, data.subarray(at + 4, at + 4 + length))
      at += 4 + length + (length & 1)
      return code
    })
    return reply(reference, Buffer.of(WRITE, items.length), Buffer.from(codes))
  }
}

const JOB = 1
const SETUP = 0xf0
const READ = 0x04
const WRITE = 0x05
const MOST_JOBS = 4
const MOST_ITEMS = 20
const FILL = Buffer.alloc(1)
/** Data of bytes and of single bits, by the transport size in front of it: both count bits. */
const BYTES_IN_BITS = 0x04
const ONE_BIT = 0x03

type ErrorCode = readonly [errorClass: number, code: number]
const NOT_AVAILABLE: ErrorCode = [0x81, 0x04]
const TOO_LONG: ErrorCode = [0x85, 0x00]

function readItems(parameters: Buffer): ItemAddress[] {
  const count = parameters.readUInt8(1)
  if (parameters.length !== 2 + 12 * count) throw new Error('Parameters do not hold their items')
  return Array.from({ length: count }, (_, position) => {
    const at = 2 + 12 * position
    return {
      transport: parameters.readUInt8(at + 3),
      count: parameters.readUInt16BE(at + 4),
      db: parameters.readUInt16BE(at + 6),
      area: parameters.readUInt8(at + 8),
      bit: parameters.readUIntBE(at + 9, 3),
    }
  })
}

function itemData(fetched: Fetched): Buffer {
  if (!('bytes' in fetched)) return Buffer.of(fetched.code, 0, 0, 0)
  const bits = fetched.asBit ? 1 : fetched.bytes.length * 8
  const header = Buffer.of(fetched.code, fetched.asBit ? ONE_BIT : BYTES_IN_BITS, bits >> 8, bits & 0xff)
  return Buffer.concat([header, fetched.bytes])
}

function reply(reference: number, parameters: Buffer, data: Buffer, [errorClass, code]: ErrorCode = [0, 0]): Buffer {
  const header = Buffer.from([0x32, 3, 0, 0, 0, 0, 0, 0, 0, 0, errorClass, code])
  header.writeUInt16BE(reference, 4)
  header.writeUInt16BE(parameters.length, 6)
  header.writeUInt16BE(data.length, 8)
  return Buffer.concat([header, parameters, data])
}

const refuse = (reference: number, error: ErrorCode): Buffer =>
  reply(reference, Buffer.alloc(0), Buffer.alloc(0), error)
