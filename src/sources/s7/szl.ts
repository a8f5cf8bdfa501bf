import { PenstockError } from '../../core/errors.ts'

/**
 * System status lists ("SZL", Siemens: System Software for S7-300/400, System and Standard Functions, ch. 33), in which a
 * CPU says what it is. They are read with PDUs of kind "user data", whose header has no error code: protocol id, kind, two
 * reserved bytes, reference, length of parameters, length of data. All numbers big-endian.
 */

const PROTOCOL_ID = 0x32
const USER_DATA = 7
const HEADER = 10
/** Head of the parameters, length of the rest, request or answer, kind and group, function. */
const PARAMETER_HEAD = [0x00, 0x01, 0x12]
const REQUEST = 0x11
const FOLLOW_UP = 0x12
const ANSWER = 0x12
const ASK_CPU = 0x44
const CPU_ANSWERS = 0x84
const READ_SZL = 0x01
const ANSWER_PARAMETERS = 12
const DONE = 0xff
const OCTETS = 0x09
/** Return code, transport size, length. */
const DATA_HEADER = 4
/** List, index, length of a record, number of records. */
const LIST_HEADER = 8

export interface SzlId {
  readonly list: number
  readonly index: number
}

/** One answer: a whole list, or a piece of one. */
export interface SzlPiece {
  /** With which the next piece is asked for; undefined: this was the last. */
  readonly more: number | undefined
  readonly bytes: Buffer
}

/** The CPU has no such list, or does not give it. */
export interface SzlRefusal {
  /** As the CPU has it: `SZL error 0xd401`. */
  readonly code: string
}

export const isSzlRefusal = (reply: SzlPiece | SzlRefusal): reply is SzlRefusal => 'code' in reply

/** Asks for a list, from its beginning. */
export function szlRequest(reference: number, { list, index }: SzlId): Buffer {
  const parameters = [...PARAMETER_HEAD, 4, REQUEST, ASK_CPU, READ_SZL, 0]
  return userData(reference, parameters, [DONE, OCTETS, 0, 4, ...word(list), ...word(index)])
}

/** Asks for the next piece of the list whose last answer said `more`. */
export function szlFollowUp(reference: number, more: number): Buffer {
  const parameters = [...PARAMETER_HEAD, 8, FOLLOW_UP, ASK_CPU, READ_SZL, more, 0, 0, 0, 0]
  return userData(reference, parameters, [0x0a, 0, 0, 0])
}

/** Throws PROTOCOL_VIOLATION unless every length is right and it answers a request for a list; `more`: which it follows. */
export function readSzlReply(reply: Buffer, more?: number): SzlPiece | SzlRefusal {
  if (reply.length < HEADER || reply[0] !== PROTOCOL_ID || reply[1] !== USER_DATA) throw violation('no user data')
  const [parameterBytes, dataBytes] = [reply.readUInt16BE(6), reply.readUInt16BE(8)]
  if (HEADER + parameterBytes + dataBytes !== reply.length) throw violation('lengths that contradict each other')
  const parameters = reply.subarray(HEADER, HEADER + parameterBytes)
  const isAnswer =
    parameters.length === ANSWER_PARAMETERS &&
    PARAMETER_HEAD.every((byte, at) => parameters[at] === byte) &&
    parameters[3] === ANSWER_PARAMETERS - 4 &&
    parameters[4] === ANSWER &&
    parameters[5] === CPU_ANSWERS &&
    parameters[6] === READ_SZL
  if (!isAnswer) throw violation('no answer to a request for a list')
  const error = parameters.readUInt16BE(10)
  if (error !== 0) return { code: `SZL error 0x${error.toString(16).padStart(4, '0')}` }
  const data = reply.subarray(HEADER + parameterBytes)
  if (data.length < DATA_HEADER) throw violation('no data')
  if (data[0] !== DONE) return { code: `return code 0x${data.readUInt8(0).toString(16).padStart(2, '0')}` }
  if (data[1] !== OCTETS || data.readUInt16BE(2) !== data.length - DATA_HEADER) {
    throw violation('data of another length than they say')
  }
  const sequence = parameters.readUInt8(7)
  if (more !== undefined && sequence !== more) throw violation('a piece of another list')
  return { more: parameters[9] === 0 ? undefined : sequence, bytes: Buffer.from(data.subarray(DATA_HEADER)) }
}

/**
 * The records of a list: of one that the CPU cuts off at the end of its PDU, those that are whole. Throws
 * PROTOCOL_VIOLATION unless it is the one asked for, and no longer than it says.
 */
export function szlRecords(bytes: Buffer, { list, index }: SzlId): readonly Buffer[] {
  if (bytes.length < LIST_HEADER) throw violation('a list without a header')
  if (bytes.readUInt16BE(0) !== list || bytes.readUInt16BE(2) !== index) throw violation('another list')
  const [length, count] = [bytes.readUInt16BE(4), bytes.readUInt16BE(6)]
  if (LIST_HEADER + length * count < bytes.length) throw violation('a list that is longer than it says')
  if (length === 0) return []
  return Array.from({ length: Math.floor((bytes.length - LIST_HEADER) / length) }, (_, at) => {
    const start = LIST_HEADER + at * length
    return bytes.subarray(start, start + length)
  })
}

function userData(reference: number, parameters: readonly number[], data: readonly number[]): Buffer {
  const header = [PROTOCOL_ID, USER_DATA, 0, 0, ...word(reference), ...word(parameters.length), ...word(data.length)]
  return Buffer.from([...header, ...parameters, ...data])
}

const word = (value: number): [number, number] => [value >> 8, value & 0xff]

const violation = (what: string): PenstockError =>
  new PenstockError('PROTOCOL_VIOLATION', `The CPU answers with ${what}`)
