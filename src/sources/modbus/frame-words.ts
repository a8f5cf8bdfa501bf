import type { ModbusSourceConfig } from '../../core/plant.ts'
import type { FrameWords } from '../frame-ring.ts'
import { exceptionName } from './exception.ts'
import { aduOfAscii } from './framing/ascii.ts'
import { aduOfRtu } from './framing/rtu.ts'
import { EXCEPTION_BIT } from './request.ts'

/** Transaction id, protocol id and length. */
const MBAP_BYTES = 6
/** Registers that are printed before the rest is only counted. */
const MOST_SHOWN = 16

/** MODBUS Application Protocol V1.1b3 §6: what functions do, and to which table. */
const functions: Readonly<Record<number, readonly [verb: string, table: string]>> = {
  1: ['read', 'coil'],
  2: ['read', 'discrete'],
  3: ['read', 'holding'],
  4: ['read', 'input'],
  5: ['write', 'coil'],
  6: ['write', 'holding'],
  15: ['write', 'coil'],
  16: ['write', 'holding'],
  22: ['write bits of', 'holding'],
}

/** Those that name no table (§6.13, §6.21). */
const others: Readonly<Record<number, string>> = { 17: 'report server id', 43: 'read device identification' }

/** Modbus TCP frames in words (MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.3). */
export const mbapWords: FrameWords = {
  describe(frame, sent, request) {
    if (frame.length < MBAP_BYTES + 2) return `${frame.length} bytes, too few for a frame of Modbus TCP`
    const [protocolId, length] = [frame.readUInt16BE(2), frame.readUInt16BE(4)]
    if (protocolId !== 0) return `protocol id ${protocolId} instead of 0: not Modbus TCP`
    const cut =
      length === frame.length - MBAP_BYTES ? '' : `, says ${length} bytes but has ${frame.length - MBAP_BYTES}`
    const adu = frame.subarray(MBAP_BYTES)
    return `transaction ${frame.readUInt16BE(0)}${cut}, ${describeAdu(adu, sent, request?.subarray(MBAP_BYTES))}`
  },
  exchange: (frame) => (frame.length >= MBAP_BYTES ? frame.readUInt16BE(0) : undefined),
}

/** Frames of MODBUS over Serial Line V1.02 in words; `aduOf` takes framing and check sum off. */
const lineWords = (name: string, aduOf: (frame: Buffer) => Buffer | undefined): FrameWords => ({
  describe(frame, sent, request) {
    const adu = aduOf(frame)
    if (!adu) return `${frame.length} bytes that make no ${name} frame`
    return describeAdu(adu, sent, request && aduOf(request))
  },
  // Nothing in a frame names its request, but one at a time is asked, and what answers it was proved to.
  exchange: (frame, kind) => (kind === 'sent' || kind === 'answer' ? aduOf(frame)?.[0] : undefined),
})

const rtuWords = lineWords('RTU', aduOfRtu)
const asciiWords = lineWords('ASCII', aduOfAscii)

/** The words for what goes over the source's transport. */
export function frameWordsOf({ transport }: Pick<ModbusSourceConfig, 'transport'>): FrameWords {
  switch (transport) {
    case 'tcp':
    case 'tls':
    case 'udp':
      return mbapWords
    case 'rtu':
    case 'rtu-over-tcp':
      return rtuWords
    case 'ascii':
    case 'ascii-over-tcp':
      return asciiWords
  }
}

/** Unit, function and what belongs to it; `request`: what an answer answers, where that is known. */
export function describeAdu(adu: Buffer, sent: boolean, request: Buffer | undefined): string {
  const [unitId = 0, functionCode = 0] = adu
  const unit = `unit ${unitId}`
  if (sent) return `${unit}: ${requestWords(adu)}`
  const asked = request ? `; asked: ${requestWords(request)}` : ''
  if (functionCode & EXCEPTION_BIT) {
    const code = adu[2] ?? 0
    return `${unit}: exception ${code}, ${exceptionName(code)}${asked}`
  }
  if (functionCode >= 1 && functionCode <= 4) return `${unit}: ${dataWords(adu, request)}`
  return `${unit}: answer to ${requestWords(adu)}${asked}`
}

const nameOf = (functionCode: number): string =>
  functions[functionCode]?.join(' ') ?? others[functionCode] ?? `function ${functionCode}`

function requestWords(adu: Buffer): string {
  const functionCode = adu[1] ?? 0
  if (!functions[functionCode] || adu.length < MBAP_BYTES) return nameOf(functionCode)
  const start = adu.readUInt16BE(2)
  const second = adu.readUInt16BE(4)
  if (functionCode === 5) return `write coil:${start} = ${second === 0xff00 ? 1 : 0}`
  if (functionCode === 6) return `write holding:${start} = ${second}`
  if (functionCode === 22 && adu.length >= 8)
    return `write bits 0x${hex(~second & 0xffff)} of holding:${start} = 0x${hex(adu.readUInt16BE(6))}`
  const values =
    (functionCode === 15 || functionCode === 16) && adu.length > MBAP_BYTES
      ? writtenWords(adu, functionCode === 15, second)
      : ''
  return `${nameOf(functionCode)}:${start}${second > 1 ? `–${start + second - 1}` : ''} (${second})${values}`
}

/** What registers or bits are to hold, behind their number of bytes. */
function writtenWords(adu: Buffer, bits: boolean, count: number): string {
  const data = adu.subarray(7)
  const shown = Array.from({ length: Math.min(count, bits ? 4 * MOST_SHOWN : MOST_SHOWN) }, (_, i) =>
    bits ? ((data[i >> 3] ?? 0) >> (i & 7)) & 1 : 2 * i + 1 < data.length ? data.readUInt16BE(2 * i) : '?',
  )
  return ` = ${shown.join(bits ? '' : ' ')}${count > shown.length ? ` and ${count - shown.length} more` : ''}`
}

const hex = (word: number): string => word.toString(16).padStart(4, '0')

/** The registers or bits of an answer, at their addresses where these are known. */
function dataWords(adu: Buffer, request: Buffer | undefined): string {
  const functionCode = adu[1] ?? 0
  const [, table = ''] = functions[functionCode] ?? []
  const data = adu.subarray(3)
  if (adu[2] !== data.length) return `${table}, says ${adu[2] ?? 0} bytes of data but has ${data.length}`
  const known = request && request[1] === functionCode && request.length >= MBAP_BYTES
  const at = known ? `${table}:${request.readUInt16BE(2)}` : table
  const bits = functionCode <= 2
  const count = bits && known ? Math.min(request.readUInt16BE(4), data.length * 8) : data.length * (bits ? 8 : 0.5)
  const shown = Array.from({ length: Math.min(Math.floor(count), bits ? 4 * MOST_SHOWN : MOST_SHOWN) }, (_, i) =>
    bits ? (data[i >> 3]! >> (i & 7)) & 1 : data.readUInt16BE(2 * i),
  )
  const more = Math.floor(count) - shown.length
  return `${at} = ${shown.join(bits ? '' : ' ')}${more > 0 ? ` and ${more} more` : ''}`
}
