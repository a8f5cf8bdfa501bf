/**
 * The frames of ISO on TCP that S7 travels in: TPKT (RFC 1006 §6) around COTP, the ISO transport protocol class 0
 * (RFC 905 §13).
 */

export type IsoMessage =
  /** Connection confirm: the other end accepts our connection request. */
  | { readonly kind: 'confirm' }
  /** Disconnect request: it refuses, or ends, the transport connection. */
  | { readonly kind: 'disconnect'; readonly reason: number }
  /** A piece of user data; `last` ends the S7 PDU. */
  | { readonly kind: 'data'; readonly data: Buffer; readonly last: boolean }

const TPKT_VERSION = 3
const TPKT_HEADER = 4
/** Length indicator, code and EOT of a data TPDU. */
const DATA_HEADER = 3
/** The TPDU size that our connection request asks for, 2^10 bytes. */
const TPDU_SIZE_CODE = 0x0a
const LONGEST_FRAME = TPKT_HEADER + (1 << TPDU_SIZE_CODE)

const CONNECTION_REQUEST = 0xe0
const CONNECTION_CONFIRM = 0xd0
const DISCONNECT_REQUEST = 0x80
const DATA = 0xf0
const END_OF_TSDU = 0x80

/** The connection request from one TSAP of two octets to another (RFC 905 §13.3). */
export function connectionRequest(local: number, remote: number): Buffer {
  const cotp = [
    [17, CONNECTION_REQUEST, 0x00, 0x00, 0x00, 0x01, 0x00],
    [0xc0, 1, TPDU_SIZE_CODE],
    [0xc1, 2, local >> 8, local & 0xff],
    [0xc2, 2, remote >> 8, remote & 0xff],
  ].flat()
  return Buffer.from([TPKT_VERSION, 0, 0, TPKT_HEADER + cotp.length, ...cotp])
}

/** The S7 PDU as one frame. */
export function dataFrame(pdu: Buffer): Buffer {
  const header = Buffer.from([TPKT_VERSION, 0, 0, 0, DATA_HEADER - 1, DATA, END_OF_TSDU])
  header.writeUInt16BE(header.length + pdu.length, 2)
  return Buffer.concat([header, pdu])
}

/** A frame's message. Throws an Error that says what is wrong with a frame that has none. */
export function readFrame(frame: Buffer): IsoMessage {
  const indicator = frame[4] ?? 0
  const header = TPKT_HEADER + 1 + indicator
  if (header > frame.length) throw new Error(`COTP header of ${indicator} bytes in a frame of ${frame.length}`)
  switch (frame[5]) {
    case DATA:
      if (indicator !== DATA_HEADER - 1) throw new Error(`COTP data header of ${indicator} bytes`)
      return { kind: 'data', data: frame.subarray(header), last: (frame[6] ?? 0) >= END_OF_TSDU }
    case CONNECTION_CONFIRM:
      return { kind: 'confirm' }
    case DISCONNECT_REQUEST:
      return { kind: 'disconnect', reason: frame[10] ?? 0 }
    default:
      throw new Error(`COTP code 0x${(frame[5] ?? 0).toString(16).padStart(2, '0')}`)
  }
}

/**
 * Cuts a stream into frames, however it arrives. Holds at most one frame. Throws an Error at the first byte that
 * cannot be part of one: the stream has no mark to begin anew from, so its connection must be ended.
 */
export class FrameReader {
  readonly #buffer = Buffer.allocUnsafe(LONGEST_FRAME)
  #filled = 0

  /** Calls `onFrame` for every frame that `chunk` completes; the frame is only valid during the call. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let at = 0
    while (at < chunk.length) {
      const wanted = this.#filled < TPKT_HEADER ? TPKT_HEADER : this.#frameLength()
      const copied = chunk.copy(this.#buffer, this.#filled, at, at + wanted - this.#filled)
      at += copied
      this.#filled += copied
      if (this.#filled < TPKT_HEADER) continue
      const length = this.#frameLength()
      if (this.#filled < length) continue
      this.#filled = 0
      onFrame(this.#buffer.subarray(0, length))
    }
  }

  #frameLength(): number {
    const length = this.#buffer.readUInt16BE(2)
    if (this.#buffer[0] !== TPKT_VERSION) throw new Error(`TPKT version ${this.#buffer[0]} instead of ${TPKT_VERSION}`)
    if (length < TPKT_HEADER + DATA_HEADER || length > LONGEST_FRAME) throw new Error(`TPKT length ${length}`)
    return length
  }
}
