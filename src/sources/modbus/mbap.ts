/**
 * Modbus TCP frames (MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.3): transaction id, protocol id 0 and
 * length, two bytes each, then unit id, function code and data, which are together called the ADU here.
 */
const HEADER_BYTES = 6
/** Unit id, function code, and at least one byte: even an exception has its code. */
const LEAST_ADU_BYTES = 3
/** Unit id and the largest PDU. */
const MOST_ADU_BYTES = 254

/** The bytes on the connection are no Modbus TCP; where the next frame begins cannot be known any more. */
export class FramingError extends Error {}

/** Cuts what arrives into frames, however the network cut it. */
export class FrameReader {
  readonly #onFrame: (transactionId: number, adu: Buffer, frame: Buffer) => void
  #rest: Buffer | undefined

  constructor(onFrame: (transactionId: number, adu: Buffer, frame: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** Throws FramingError at bytes that cannot be a frame; frames before them have been given out. */
  push(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    while (bytes.length - at >= HEADER_BYTES) {
      const protocolId = bytes.readUInt16BE(at + 2)
      const length = bytes.readUInt16BE(at + 4)
      if (protocolId !== 0) throw new FramingError(`protocol id ${protocolId} instead of 0`)
      if (length < LEAST_ADU_BYTES || length > MOST_ADU_BYTES) throw new FramingError(`a frame of ${length} bytes`)
      const end = at + HEADER_BYTES + length
      if (bytes.length < end) break
      const transactionId = bytes.readUInt16BE(at)
      const frame = bytes.subarray(at, end)
      at = end
      this.#onFrame(transactionId, frame.subarray(HEADER_BYTES), frame)
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
  }
}

/** A whole frame, as it goes over the connection. */
export function frameOf(transactionId: number, adu: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + adu.length)
  frame.writeUInt16BE(transactionId, 0)
  frame.writeUInt16BE(0, 2)
  frame.writeUInt16BE(adu.length, 4)
  adu.copy(frame, HEADER_BYTES)
  return frame
}

/** A read request, and so what a valid answer to it looks like. */
export interface ReadRequest {
  readonly unitId: number
  /** 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers. */
  readonly functionCode: number
  /** Bytes of data that answer it. */
  readonly dataBytes: number
}

export const EXCEPTION_BIT = 0x80

/** Reads the request out of its ADU; undefined for any function but the four that read tables. */
export function readRequestOf(adu: Buffer): ReadRequest | undefined {
  const functionCode = adu.readUInt8(1)
  if (functionCode < 1 || functionCode > 4) return undefined
  const count = adu.readUInt16BE(4)
  const dataBytes = functionCode <= 2 ? Math.ceil(count / 8) : count * 2
  return { unitId: adu.readUInt8(0), functionCode, dataBytes }
}

/** What keeps `adu` from being the answer to `request`, in words; undefined for an answer or an exception. */
export function faultOfAnswer(request: ReadRequest, adu: Buffer): string | undefined {
  const [unitId, functionCode, third] = adu
  if (unitId !== request.unitId) return `the answer names unit ${unitId}`
  if (functionCode === (request.functionCode | EXCEPTION_BIT)) {
    return adu.length === 3 && third !== 0 ? undefined : 'the exception is malformed'
  }
  if (functionCode !== request.functionCode) return `the answer has function code ${functionCode}`
  if (third !== request.dataBytes || adu.length !== 3 + request.dataBytes) {
    return `the answer has ${adu.length - 3} bytes of data instead of ${request.dataBytes}`
  }
  return undefined
}
