/**
 * The server's half of ISO on TCP, as a simulated CPU needs it: TPKT (RFC 1006 §6) around COTP class 0 (RFC 905 §13).
 */

export type IsoRequest =
  /** Connection request, with the called TSAP's rack and slot octet and what the confirm has to repeat. */
  | { readonly kind: 'connect'; readonly sourceReference: number; readonly rackSlot: number }
  | { readonly kind: 'data'; readonly data: Buffer }

const TPKT_HEADER = 4
const LONGEST_FRAME = 8_192

/** Cuts what a client sends into frames. Throws an Error for bytes that are none. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (this.#rest.length >= TPKT_HEADER) {
      const length = this.#rest.readUInt16BE(2)
      if (this.#rest[0] !== 3 || length < 7 || length > LONGEST_FRAME) throw new Error('Not a TPKT frame')
      if (this.#rest.length < length) break
      frames.push(this.#rest.subarray(0, length))
      this.#rest = this.#rest.subarray(length)
    }
    return frames
  }
}

/** What a client's frame asks. Throws an Error for anything but a connection request or data. */
export function readIsoRequest(frame: Buffer): IsoRequest {
  const header = TPKT_HEADER + 1 + frame.readUInt8(4)
  if (header > frame.length) throw new Error('COTP header longer than its frame')
  switch (frame[5]) {
    case 0xe0:
      return {
        kind: 'connect',
        sourceReference: frame.readUInt16BE(8),
        rackSlot: rackSlotOf(frame.subarray(11, header)),
      }
    case 0xf0:
      return { kind: 'data', data: frame.subarray(header) }
    default:
      throw new Error(`COTP code ${frame[5]}`)
  }
}

/** Second octet of the called TSAP (parameter 0xC2): rack · 32 + slot. */
function rackSlotOf(parameters: Buffer): number {
  for (let at = 0; at + 2 <= parameters.length; at += 2 + parameters.readUInt8(at + 1)) {
    if (parameters[at] === 0xc2) return parameters.readUInt8(at + 3)
  }
  return 0
}

/** Confirms a connection: our reference is arbitrary, TPDU size 1024. */
export const connectionConfirm = (theirReference: number): Buffer =>
  Buffer.from([3, 0, 0, 14, 9, 0xd0, theirReference >> 8, theirReference & 0xff, 0x00, 0x2a, 0x00, 0xc0, 0x01, 0x0a])

/** Refuses a connection: ISO reason 3, "address unknown". */
export const disconnectRequest = (theirReference: number): Buffer =>
  Buffer.from([3, 0, 0, 11, 6, 0x80, theirReference >> 8, theirReference & 0xff, 0x00, 0x2a, 0x03])

/** The S7 PDU as one frame. */
export function dataFrame(pdu: Buffer): Buffer {
  const header = Buffer.from([3, 0, 0, 0, 2, 0xf0, 0x80])
  header.writeUInt16BE(header.length + pdu.length, 2)
  return Buffer.concat([header, pdu])
}
