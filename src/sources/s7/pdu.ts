import { PenstockError } from '../../core/errors.ts'
import { itemRefusal, type Refusal, requestRefusal } from './refusal.ts'

/**
 * S7 PDUs as far as we read them ourselves: the setup of communication, and the proof that a reply answers a request.
 * Header: protocol id, kind, two reserved bytes, reference, length of parameters, length of data; a reply adds error
 * class and error code. All numbers big-endian.
 */

const PROTOCOL_ID = 0x32
const JOB = 1
const ACK = 2
const ACK_DATA = 3
const REPLY_HEADER = 12

const SETUP = 0xf0
const READ = 0x04
const WRITE = 0x05
/** Return code, transport size, length. */
const ITEM_HEADER = 4
/** Transport size of bytes: the length counts bits. */
const IN_BITS = 0x04
/** Transport size of timers, counters and octet strings: the length counts bytes. */
const IN_BYTES = 0x09

export interface Negotiated {
  /** Longest PDU either side sends, bytes. */
  readonly pdu: number
  /** Jobs that may be under way at once. */
  readonly parallel: number
}

/** Asks for a PDU size and a number of parallel jobs; the CPU answers with what it grants. */
export function setupRequest(reference: number, { pdu, parallel }: Negotiated): Buffer {
  const request = Buffer.from([PROTOCOL_ID, JOB, 0, 0, 0, 0, 0, 8, 0, 0, SETUP, 0, 0, 0, 0, 0, 0, 0])
  request.writeUInt16BE(reference, 4)
  request.writeUInt16BE(parallel, 12)
  request.writeUInt16BE(parallel, 14)
  request.writeUInt16BE(pdu, 16)
  return request
}

/** What the CPU grants, at most `asked`. Throws ACCESS_DENIED when it refuses, PROTOCOL_VIOLATION for anything else. */
export function readSetupReply(reply: Buffer, reference: number, asked: Negotiated): Negotiated {
  const refusal = checkReply(reply)
  if (referenceOf(reply) !== reference) throw violation('the reference of another request')
  if (refusal) throw new PenstockError('ACCESS_DENIED', `The CPU refuses to set up communication (${refusal.code})`)
  if (reply.length !== REPLY_HEADER + 8 || reply[REPLY_HEADER] !== SETUP) throw violation('no reply to the setup')
  const pdu = Math.min(asked.pdu, reply.readUInt16BE(REPLY_HEADER + 6))
  const parallel = Math.min(asked.parallel, reply.readUInt16BE(REPLY_HEADER + 2), reply.readUInt16BE(REPLY_HEADER + 4))
  if (pdu < LEAST_PDU) throw violation(`a PDU of ${pdu} bytes, too small for any value`)
  return { pdu, parallel: Math.max(1, parallel) }
}

/** Carries one LREAL. */
const LEAST_PDU = 26

/** The reference by which a reply names its request; undefined for bytes that are no PDU. */
export const referenceOf = (pdu: Buffer): number | undefined =>
  pdu.length >= REPLY_HEADER - 2 && pdu[0] === PROTOCOL_ID ? pdu.readUInt16BE(4) : undefined

/** One item of a read reply: its return code and, where it was read, its bytes. */
export interface ReadItem {
  readonly code: number
  readonly data: Buffer
  readonly refusal: Refusal | undefined
}

/**
 * The items of a reply to a read request for byte areas of these `lengths`, or why the request was refused as a whole.
 * Throws PROTOCOL_VIOLATION unless function, number of items, every length and the total are those of a whole answer.
 */
export function readReadReply(reply: Buffer, lengths: readonly number[]): readonly ReadItem[] | Refusal {
  const refusal = checkReply(reply)
  if (refusal) return refusal
  if (reply.readUInt16BE(6) !== 2 || reply[REPLY_HEADER] !== READ) throw violation('no reply to a read request')
  if (reply[REPLY_HEADER + 1] !== lengths.length) {
    throw violation(`${reply[REPLY_HEADER + 1]} items where ${lengths.length} were asked for`)
  }
  const items: ReadItem[] = []
  let at = REPLY_HEADER + 2
  for (const length of lengths) {
    at += at & 1
    const item = readItem(reply, at, length)
    items.push(item)
    at += ITEM_HEADER + item.data.length
  }
  const excess = reply.length - at
  if (excess !== 0 && excess !== (at & 1)) throw violation(`${excess} bytes too many`)
  return items
}

/**
 * The return code of a reply to a write request for one item, or why the request was refused as a whole. Throws
 * PROTOCOL_VIOLATION unless function, number of items and length are those of a whole answer.
 */
export function readWriteReply(reply: Buffer): { readonly code: number; readonly refusal?: Refusal } | Refusal {
  const refusal = checkReply(reply)
  if (refusal) return refusal
  if (reply.readUInt16BE(6) !== 2 || reply[REPLY_HEADER] !== WRITE) throw violation('no reply to a write request')
  if (reply[REPLY_HEADER + 1] !== 1) throw violation(`${reply[REPLY_HEADER + 1]} items where one was written`)
  if (reply.length !== REPLY_HEADER + 3) throw violation('a reply of another length than one return code has')
  const code = reply.readUInt8(REPLY_HEADER + 2)
  const ofItem = itemRefusal(code)
  return ofItem ? { code, refusal: ofItem } : { code }
}

/** A refused item is its header alone, whatever length it states: some CPUs state 4 and send nothing. */
function readItem(reply: Buffer, at: number, length: number): ReadItem {
  if (reply.length < at + ITEM_HEADER) throw violation('an end in the middle of an item')
  const code = reply.readUInt8(at)
  const refusal = itemRefusal(code)
  if (refusal) return { code, data: reply.subarray(at, at), refusal }
  const stated = reply.readUInt16BE(at + 2)
  const transport = reply[at + 1]
  if (!(transport === IN_BITS && stated === length * 8) && !(transport === IN_BYTES && stated === length)) {
    throw violation(`an item of transport size ${transport} and length ${stated}, not ${length} bytes`)
  }
  const data = reply.subarray(at + ITEM_HEADER, at + ITEM_HEADER + length)
  if (data.length !== length) throw violation('an end in the middle of an item')
  return { code, data, refusal: undefined }
}

/** Throws PROTOCOL_VIOLATION unless it is a whole reply; answers whether it refuses the request. */
function checkReply(reply: Buffer): Refusal | undefined {
  if (reply.length < REPLY_HEADER || reply[0] !== PROTOCOL_ID) throw violation('something that is no S7 reply')
  const kind = reply[1]
  const refusal = requestRefusal(reply.readUInt8(10), reply.readUInt8(11))
  if (kind !== ACK_DATA && !(kind === ACK && refusal)) throw violation(`a PDU of kind ${kind} instead of a reply`)
  if (REPLY_HEADER + reply.readUInt16BE(6) + reply.readUInt16BE(8) !== reply.length) {
    throw violation('lengths that contradict each other')
  }
  if (!refusal && reply.length < REPLY_HEADER + 2) throw violation('a reply without parameters')
  return refusal
}

const violation = (what: string): PenstockError =>
  new PenstockError('PROTOCOL_VIOLATION', `The CPU answers with ${what}`)
