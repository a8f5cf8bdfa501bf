import NodeS7 from 'nodes7'
import { PenstockError } from '../../core/errors.ts'
import { areaCodes } from './areas.ts'
import { besideNetwork, type Nodes7 } from './nodes7-codec.ts'
import type { S7Target } from './write-plan.ts'

const FRAME_REFERENCE = 11
const WRITE = 0x05
/** Element sizes of an item, and transport sizes of its data. */
const BIT_ITEM = 0x01
const BYTE_ITEM = 0x02
const BIT_DATA = 0x03
const BYTE_DATA = 0x04
const WRITTEN = 0xff

/**
 * The write request for one target, as nodes7 writes it: sent once, over one instance that nothing else uses, since nodes7
 * repeats an earlier write when it does not understand one. The frame goes out only if it is, byte for byte, the one that
 * was asked for.
 */
export class WriteRequest {
  readonly target: S7Target
  readonly #nodes7: NodeS7
  #written: Buffer | undefined
  /** Whether nodes7 took the reply for a failure; undefined before. */
  #failed: boolean | undefined
  #sequence = 0

  constructor(target: S7Target, library: Nodes7 = NodeS7) {
    this.target = target
    this.#nodes7 = besideNetwork(library, {
      write: (frame) => {
        this.#written = frame
      },
      misbehaved: (how) => this.#misbehaved(how),
    })
  }

  /** The request as a frame that carries `reference`; once only. */
  begin(reference: number): Buffer {
    const { target } = this
    const values = 'bytes' in target ? [...target.bytes] : [target.on]
    const done = (failed: boolean) => {
      this.#failed = failed
    }
    // An array of one is a single value for nodes7.
    this.#nodes7.writeItems(nameOf(target), values.length === 1 ? values[0] : values, done)
    const frame = this.#written
    if (!frame || frame.length < FRAME_REFERENCE + 2) throw this.#misbehaved('does not write what it was told to')
    this.#sequence = frame.readUInt16BE(FRAME_REFERENCE)
    const sent = Buffer.from(frame)
    sent.writeUInt16BE(reference, FRAME_REFERENCE)
    if (!sent.equals(frameOf(target, reference))) throw this.#misbehaved('does not write what it was told to')
    return sent
  }

  /** Of a reply that was proved to be one: the return code of the item. */
  finish(code: number): void {
    const reply = Buffer.from([3, 0, 0, 22, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, WRITE, 1, code])
    reply.writeUInt16BE(this.#sequence, FRAME_REFERENCE)
    this.#nodes7.onResponse(reply)
    if (this.#failed !== (code !== WRITTEN)) throw this.#misbehaved('does not take the reply to a write')
  }

  /** No reply will be given any more. */
  abandon(): void {
    this.#nodes7.clearWritePacketTimeouts()
  }

  #misbehaved(how: string): PenstockError {
    return new PenstockError('PROTOCOL_VIOLATION', `The library nodes7 ${how}`)
  }
}

/** As nodes7 calls it. */
function nameOf(target: S7Target): string {
  const { area, db, start } = target
  if ('bytes' in target) {
    const { length } = target.bytes
    return area === 'DB' ? `DB${db},BYTE${start}.${length}` : `${area}B${start}.${length}`
  }
  return area === 'DB' ? `DB${db},X${start}.${target.bit}` : `${area}${start}.${target.bit}`
}

/** TPKT and COTP header, job header, one item of 12 bytes, and its data after four bytes of header. */
function frameOf(target: S7Target, reference: number): Buffer {
  const isBytes = 'bytes' in target
  const data = isBytes ? target.bytes : Buffer.of(target.on ? 1 : 0)
  const place = target.start * 8 + (isBytes ? 0 : target.bit)
  const front = Buffer.from([
    ...[3, 0, 0, 0, 2, 0xf0, 0x80],
    ...[0x32, 1, 0, 0, 0, 0, 0, 14, 0, 0],
    ...[WRITE, 1, 0x12, 0x0a, 0x10, isBytes ? BYTE_ITEM : BIT_ITEM, 0, 0, 0, 0, areaCodes[target.area], 0, 0, 0],
    ...[0, isBytes ? BYTE_DATA : BIT_DATA, 0, 0],
  ])
  front.writeUInt16BE(front.length + data.length, 2)
  front.writeUInt16BE(reference, FRAME_REFERENCE)
  front.writeUInt16BE(4 + data.length, 15)
  front.writeUInt16BE(data.length, 23)
  front.writeUInt16BE(target.db, 25)
  front.writeUIntBE(place, 28, 3)
  front.writeUInt16BE(isBytes ? data.length * 8 : 1, 33)
  return Buffer.concat([front, data])
}
