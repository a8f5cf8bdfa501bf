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

/** Is given the ADU of each frame, and the whole of it. */
export type OnFrame = (transactionId: number, adu: Buffer, frame: Buffer) => void

/** Takes what it is given, in any pieces. Throws FramingError at bytes that are no frame. */
export interface MbapReader {
  push(bytes: Buffer): void
}

/** Cuts what arrives into frames, however the network cut it. */
export class FrameReader implements MbapReader {
  readonly #onFrame: OnFrame
  #rest: Buffer | undefined

  constructor(onFrame: OnFrame) {
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
      const frame = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end)
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

/** Takes each datagram for one frame (MODBUS over UDP has no rule of its own): no more and no less. */
export class DatagramReader implements MbapReader {
  readonly #onFrame: OnFrame

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  push(datagram: Buffer): void {
    const length = datagram.length - HEADER_BYTES
    if (length < LEAST_ADU_BYTES || length > MOST_ADU_BYTES) throw new FramingError(`${datagram.length} bytes`)
    const [protocolId, said] = [datagram.readUInt16BE(2), datagram.readUInt16BE(4)]
    if (protocolId !== 0) throw new FramingError(`protocol id ${protocolId} instead of 0`)
    if (said !== length) throw new FramingError(`a length of ${said} in a datagram with ${length}`)
    this.#onFrame(datagram.readUInt16BE(0), datagram.subarray(HEADER_BYTES), datagram)
  }
}
