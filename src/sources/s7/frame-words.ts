import type { FrameWords } from '../frame-ring.ts'
import { itemRefusal, requestRefusal } from './refusal.ts'

/** TPKT and a data TPDU's header (RFC 1006 §6, RFC 905 §13.7). */
const ISO_HEADER = 7
const COTP_DATA = 0xf0
const END_OF_TSDU = 0x80
const cotpNames: Readonly<Record<number, string>> = {
  224: 'ISO connection request',
  208: 'ISO connection confirm',
  128: 'ISO disconnect request',
}

const PROTOCOL_ID = 0x32
/** Kinds of PDU ("ROSCTR"). */
const kindNames: Readonly<Record<number, string>> = { 1: 'job', 2: 'ack', 3: 'answer', 7: 'user data' }
const functionNames: Readonly<Record<number, string>> = { 4: 'read', 5: 'write', 240: 'set up communication' }
const READ = 0x04
const WRITE = 0x05
const SETUP = 0xf0
const USER_DATA = 7
const READ_SZL = 0x01
/** Header, parameters, and data with the number of a list and an index. */
const SZL_REQUEST = 26
const READ_ITEM = 12
const BIT_ITEM = 0x01
const DATA_BLOCK = 0x84
const areaNames: Readonly<Record<number, string>> = { 128: 'PI', 129: 'I', 130: 'Q', 131: 'M' }
/** Of these every element has a number of its own. */
const numberedNames: Readonly<Record<number, string>> = { 28: 'C', 29: 'T' }
/** Items that are printed before the rest is only counted. */
const MOST_SHOWN = 4
const BYTES_SHOWN = 16

/** Frames of S7 in words: kind of PDU, function, items. */
export const s7Words: FrameWords = {
  describe(frame, sent, request) {
    const code = frame[5] ?? 0
    if (frame.length < ISO_HEADER) return `${frame.length} bytes, too few for ISO on TCP`
    if (code !== COTP_DATA) return cotpWords(frame, code)
    if ((frame[6] ?? 0) < END_OF_TSDU) return `a piece of a PDU, ${frame.length - ISO_HEADER} bytes; more follow`
    return pduWords(frame.subarray(ISO_HEADER), sent, request?.subarray(ISO_HEADER))
  },
  exchange: (frame) =>
    frame.length >= ISO_HEADER + 10 && frame[5] === COTP_DATA && frame[ISO_HEADER] === PROTOCOL_ID
      ? frame.readUInt16BE(ISO_HEADER + 4)
      : undefined,
}

function cotpWords(frame: Buffer, code: number): string {
  const name = cotpNames[code]
  if (!name) return `COTP code 0x${hex(code)}`
  if (code === 0x80) return `${name}, reason ${frame[10] ?? 0}`
  const tsap = frame.indexOf(Buffer.of(0xc2, 2))
  if (code !== 0xe0 || tsap < 0 || tsap + 4 > frame.length) return name
  const [kind = 0, place = 0] = frame.subarray(tsap + 2)
  // What it means is the CPU's affair, but this is what it most often is.
  return `${name} to TSAP ${hex(kind)}.${hex(place)}, as of rack ${place >> 5}, slot ${place & 31}`
}

function pduWords(pdu: Buffer, sent: boolean, request: Buffer | undefined): string {
  if (pdu[0] !== PROTOCOL_ID || pdu.length < 10) return `${pdu.length} bytes that are no S7 PDU`
  const kind = pdu[1] ?? 0
  const answers = kind === 2 || kind === 3
  const header = answers ? 12 : 10
  const parameters = pdu.subarray(header, header + pdu.readUInt16BE(6))
  const data = pdu.subarray(header + parameters.length)
  const start = `reference ${pdu.readUInt16BE(4)}, ${kindNames[kind] ?? `kind ${kind}`}`
  if (answers && pdu.length >= 12) {
    const refusal = requestRefusal(pdu.readUInt8(10), pdu.readUInt8(11))
    if (refusal) return `${start}: ${refusal.code}, ${refusal.reason}`
  }
  if (kind === USER_DATA) return `${start}${szlWords(parameters, sent ? pdu : request)}`
  const code = parameters[0] ?? 0
  const name = `${start}: ${functionNames[code] ?? `function 0x${hex(code)}`}`
  if (code === SETUP && parameters.length >= 8) {
    return `${name}, PDU ${parameters.readUInt16BE(6)} bytes, ${parameters.readUInt16BE(2)} jobs at once`
  }
  if (code === WRITE) return `${name} ${writeWords(parameters, data, sent, request)}`
  if (code !== READ) return name
  const asked = itemsOf(sent ? parameters : (request?.subarray(10) ?? Buffer.alloc(0)))
  return sent ? `${name} ${listed(asked)}` : `${name} ${listed(repliesOf(data, parameters[1] ?? 0, asked))}`
}

/** Which system status list is asked for, or answered; the pieces of one but the first do not say. */
function szlWords(parameters: Buffer, request: Buffer | undefined): string {
  if (parameters.length < 8 || parameters[6] !== READ_SZL) return ''
  const error = parameters.length >= 12 ? parameters.readUInt16BE(10) : 0
  if (error !== 0) return `: system status list refused, SZL error 0x${error.toString(16).padStart(4, '0')}`
  const isFirst = request !== undefined && request.length >= SZL_REQUEST && request[13] === 4
  return `: system status list${isFirst ? ` 0x${request.readUInt16BE(22).toString(16).padStart(4, '0')}` : ', next piece'}`
}

/** The one item of a write request, and its bytes; of the reply its return code. */
function writeWords(parameters: Buffer, data: Buffer, sent: boolean, request: Buffer | undefined): string {
  const asked = sent ? parameters : (request?.subarray(10) ?? Buffer.alloc(0))
  const isBit = asked[5] === BIT_ITEM
  const bit = isBit && asked.length >= 2 + READ_ITEM ? ` bit ${asked.readUInt8(2 + 11) & 7}` : ''
  const where = `${itemsOf(asked)[0] ?? 'an item'}${bit}`
  if (!sent) return `${where}: ${itemRefusal(data[0] ?? 0)?.code ?? 'done'}`
  const bytes = data.subarray(4)
  const shown = bytes.subarray(0, BYTES_SHOWN).toString('hex')
  return `${where} = ${shown}${bytes.length > BYTES_SHOWN ? '…' : ''}`
}

/** `DB1 byte 0 (20)` for each item that a read request names. */
function itemsOf(parameters: Buffer): string[] {
  const items: string[] = []
  for (let at = 2; at + READ_ITEM <= parameters.length; at += READ_ITEM) {
    const [count, db] = [parameters.readUInt16BE(at + 4), parameters.readUInt16BE(at + 6)]
    const area = parameters[at + 8] ?? 0
    const place = parameters.readUIntBE(at + 9, 3)
    const numbered = numberedNames[area]
    if (numbered !== undefined) {
      items.push(`${numbered}${place} (${count})`)
      continue
    }
    const where = area === DATA_BLOCK ? `DB${db}` : (areaNames[area] ?? `area 0x${hex(area)}`)
    items.push(`${where} byte ${place >> 3} (${count})`)
  }
  return items
}

function repliesOf(data: Buffer, count: number, asked: readonly string[]): string[] {
  const replies: string[] = []
  let at = 0
  for (let item = 0; item < count && at + 4 <= data.length; item++) {
    at += at & 1
    const refusal = itemRefusal(data[at] ?? 0)
    const length = refusal ? 0 : data.readUInt16BE(at + 2) >> 3
    const bytes = data.subarray(at + 4, at + 4 + length)
    const shown = bytes.subarray(0, BYTES_SHOWN).toString('hex')
    const value = refusal ? refusal.code : `${shown}${bytes.length > BYTES_SHOWN ? '…' : ''}`
    replies.push(`${asked[item] ?? `item ${item + 1}`} = ${value}`)
    at += 4 + length
  }
  return replies
}

function listed(items: readonly string[]): string {
  const more = items.length - MOST_SHOWN
  return `${items.slice(0, MOST_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
