import { DEVICE_IDENTIFICATION, identificationBytes } from '../identification/device-identification.ts'
import { SERVER_ID, serverIdBytes } from '../identification/server-id.ts'
import { answerBytes, EXCEPTION_BIT, type ModbusRequest } from '../request.ts'
import { crc16 } from './crc16.ts'
import { type LineFraming, type LineListener, type LineReader, MOST_SKIPPED } from './line-framing.ts'

const CRC_BYTES = 2
/** Unit, function, an exception code and the CRC. */
const LEAST_FRAME_BYTES = 5
/** Requests, and answers to a single write. */
const SHORT_FRAME_BYTES = 8
/** Function 22, both ways. */
const MASK_FRAME_BYTES = 10

/** MODBUS over Serial Line V1.02 §2.5.1: unit, function, data, CRC; nothing marks where a frame begins. */
export const rtuFraming: LineFraming = {
  encode: encodeRtu,
  charactersOf: (aduBytes) => aduBytes + CRC_BYTES,
  reader: (listener) => new RtuReader(listener),
}

export function encodeRtu(adu: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(adu.length + CRC_BYTES)
  adu.copy(frame)
  frame.writeUInt16LE(crc16(adu), adu.length)
  return frame
}

/**
 * Finds frames by what they say of their length and by their CRC. What cannot be a frame is left out byte by byte until
 * something is; what may still become one is waited for, until the line is silent: then the answer that is expected is
 * looked for in all that came.
 */
class RtuReader implements LineReader {
  readonly #listener: LineListener
  #rest: Buffer = Buffer.alloc(0)
  #request: ModbusRequest | undefined
  /** The request as it was sent, until the line has brought it back: adapters for RS-485 may hear themselves. */
  #sent: Buffer | undefined
  #inNoise = false
  /** What was left out since the last frame. */
  #skipped: number[] = []

  constructor(listener: LineListener) {
    this.#listener = listener
  }

  expect(request: ModbusRequest, sent: Buffer): void {
    this.clear()
    this.#request = request
    this.#sent = sent
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length > 0 && this.#step());
  }

  silent(): void {
    for (let at = 0; this.#request && at + LEAST_FRAME_BYTES <= this.#rest.length; at++) {
      const length = answerLength(this.#request, this.#rest.subarray(at))
      if (length === undefined || !isFrame(this.#rest.subarray(at), length)) continue
      if (at > 0) this.#leaveOut(at)
      this.#take(length)
      return
    }
  }

  clear(): void {
    if (this.#rest.length > 0) this.#leaveOut(this.#rest.length)
    this.#endNoise()
    this.#request = undefined
    this.#sent = undefined
  }

  /** Whether something was found at the front; false where more must come first. */
  #step(): boolean {
    const rest = this.#rest
    const sent = this.#sent
    if (sent?.subarray(0, rest.length).equals(rest.subarray(0, sent.length))) {
      if (rest.length < sent.length) return false
      this.#sent = undefined
      this.#take(sent.length)
      return true
    }
    if (rest.length < LEAST_FRAME_BYTES) return false
    for (const length of lengthsOf(rest, this.#request)) {
      if (length > rest.length) return false
      if (!isFrame(rest, length)) continue
      this.#take(length)
      return true
    }
    this.#leaveOut(1)
    return true
  }

  #take(length: number): void {
    const frame = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    this.#endNoise()
    this.#listener.frame(frame.subarray(0, -CRC_BYTES), frame)
  }

  #leaveOut(length: number): void {
    if (!this.#inNoise) this.#listener.noise()
    this.#inNoise = true
    if (this.#skipped.length < MOST_SKIPPED) this.#skipped.push(...this.#rest.subarray(0, length))
    this.#rest = this.#rest.subarray(length)
  }

  #endNoise(): void {
    this.#inNoise = false
    if (this.#skipped.length === 0) return
    this.#listener.skipped(Buffer.from(this.#skipped))
    this.#skipped = []
  }
}

/** A frame without its CRC, if that is right. */
export const aduOfRtu = (frame: Buffer): Buffer | undefined =>
  frame.length >= LEAST_FRAME_BYTES && isFrame(frame, frame.length) ? frame.subarray(0, -CRC_BYTES) : undefined

const isFrame = (bytes: Buffer, length: number): boolean =>
  length <= bytes.length && bytes.readUInt16LE(length - CRC_BYTES) === crc16(bytes.subarray(0, length - CRC_BYTES))

/** How long the answer to `request` is, if it begins here. */
function answerLength(request: ModbusRequest, bytes: Buffer): number | undefined {
  const [unitId, functionCode, dataBytes] = bytes
  if (unitId !== request.unitId) return undefined
  if (functionCode === (request.functionCode | EXCEPTION_BIT)) return LEAST_FRAME_BYTES
  if (functionCode !== request.functionCode) return undefined
  if (request.faultOf) return lengthChosen(functionCode, bytes)
  if (!request.echo && dataBytes !== request.dataBytes) return undefined
  return answerBytes(request) + CRC_BYTES
}

/** How long a frame of this beginning can be, the likeliest first: an answer, or what another master asks. */
function lengthsOf(bytes: Buffer, request: ModbusRequest | undefined): readonly number[] {
  const [, functionCode = 0, third = 0] = bytes
  if (functionCode & EXCEPTION_BIT) return [LEAST_FRAME_BYTES]
  switch (functionCode) {
    case 1:
    case 2:
    case 3:
    case 4:
      return [LEAST_FRAME_BYTES + third, SHORT_FRAME_BYTES]
    case 5:
    case 6:
    case 15:
    case 16:
      return [SHORT_FRAME_BYTES]
    case 22:
      return [MASK_FRAME_BYTES]
    case SERVER_ID:
    case DEVICE_IDENTIFICATION:
      // In anything else than what is expected they say too little to be waited for.
      return functionCode === request?.functionCode ? [lengthChosen(functionCode, bytes)] : []
    default:
      return []
  }
}

/** Of an answer whose length the device chooses; longer than there are bytes where more must come to know it. */
const lengthChosen = (functionCode: number, bytes: Buffer): number =>
  CRC_BYTES + (functionCode === SERVER_ID ? serverIdBytes(bytes) : identificationBytes(bytes))
