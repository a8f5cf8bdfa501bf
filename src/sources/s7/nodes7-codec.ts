import NodeS7 from 'nodes7'
import { PenstockError } from '../../core/errors.ts'
import { dataFrame } from './iso.ts'
import type { ReadItem } from './pdu.ts'

/**
 * The only place that knows nodes7 from inside. nodes7 0.3.18 writes a read request for byte areas and takes its reply
 * apart, and nothing else: it has no socket, no clock that matters, and sees no reply that was not proved to answer
 * the request. What it does wrong beside that (fragmented replies, more than 20 items, codecs, addresses, reconnects)
 * is thereby out of reach.
 */

/** Consecutive bytes of one data block. */
export interface Span {
  readonly db: number
  readonly start: number
  readonly length: number
}

export type Nodes7 = new (options: { readonly silent: boolean }) => NodeS7

const CONNECTED = 4
/** Whatever is asked for fits one request: it was packed to the negotiated PDU before. */
const NO_LIMIT = 0x7fff
/** The longest that a timer takes: deadlines are not nodes7's. */
const NEVER = 0x7fff_ffff
const FRAME_HEADER = 7
const FRAME_REFERENCE = FRAME_HEADER + 4
const FRAME_ITEMS = FRAME_HEADER + 12
const ITEM = 12

/** The read request for some spans, to be sent again and again. The spans must be in request order and fit one PDU. */
export class ReadRequest {
  readonly spans: readonly Span[]
  readonly #library: Nodes7
  readonly #names: readonly string[]
  #nodes7: NodeS7 | undefined
  #written: Buffer | undefined
  #answered = false
  #sequence = 0
  #underWay = false

  constructor(spans: readonly Span[], library: Nodes7 = NodeS7) {
    this.spans = spans
    this.#library = library
    this.#names = spans.map(({ db, start, length }) => `DB${db},BYTE${start}.${length}`)
  }

  /** The request as a frame that carries `reference`. Not again before `finish` or `abandon`. */
  begin(reference: number): Buffer {
    if (this.#underWay) throw new Error('A read request was sent again before it was answered')
    this.#nodes7 ??= this.#make()
    this.#written = undefined
    this.#answered = false
    this.#underWay = true
    this.#nodes7.readAllItems(() => {
      this.#answered = true
    })
    const frame = this.#written as Buffer | undefined
    if (!frame || !this.#asksForSpans(frame)) throw this.#misbehaved('does not ask for the bytes it was told to')
    this.#sequence = frame.readUInt16BE(FRAME_REFERENCE)
    frame.writeUInt16BE(reference, FRAME_REFERENCE)
    return frame
  }

  /**
   * The bytes of each span, undefined where its item was refused. `items`: one a span, lengths as asked.
   * The bytes are valid until the request is sent again.
   */
  finish(items: readonly ReadItem[]): readonly (Buffer | undefined)[] {
    const nodes7 = this.#nodes7
    if (!nodes7) throw this.#misbehaved('was given a reply to nothing')
    nodes7.onResponse(this.#asReply(items))
    if (!this.#answered) throw this.#misbehaved('does not accept a valid reply')
    this.#underWay = false
    return items.map((item, position) => {
      if (item.refusal) return undefined
      const block = nodes7.polledReadBlockList[position]
      if (block?.quality !== 'OK') throw this.#misbehaved('does not take a valid item')
      return block.byteBuffer
    })
  }

  /** No reply will be given any more. */
  abandon(): void {
    this.#nodes7?.clearReadPacketTimeouts()
    this.#nodes7 = undefined
    this.#underWay = false
  }

  #make(): NodeS7 {
    const made = new this.#library({ silent: true })
    made.isoclient = {
      write: (frame) => {
        this.#written = Buffer.from(frame)
      },
    }
    made.isoConnectionState = CONNECTED
    made.maxPDU = NO_LIMIT
    made.maxParallel = 1
    made.globalTimeout = NEVER
    made.doNotOptimize = true
    made.connectionParams = {}
    const giveUp = () => {
      throw this.#misbehaved('gives up its connection')
    }
    made.connectNow = giveUp
    made.connectionReset = giveUp
    made.resetNow = giveUp
    made.readWriteError = giveUp
    made.addItemsNow([...this.#names])
    for (const item of made.polledReadBlockList) makePlain(item)
    return made
  }

  #asksForSpans(frame: Buffer): boolean {
    const { spans } = this
    return (
      frame.length === FRAME_ITEMS + spans.length * ITEM &&
      frame.readUInt16BE(2) === frame.length &&
      spans.every(({ db, start, length }, position) => {
        const at = FRAME_ITEMS + position * ITEM
        const area = frame.readUInt32BE(at + 8)
        return (
          frame.readUInt16BE(at + 4) === length && frame.readUInt16BE(at + 6) === db && area === DATA_BLOCKS + start * 8
        )
      })
    )
  }

  /** The reply with nodes7's own sequence number and with refused items as nodes7 counts them: a header alone. */
  #asReply(items: readonly ReadItem[]): Buffer {
    const data: Buffer[] = []
    for (const [position, item] of items.entries()) {
      const { length } = item.data
      const header = Buffer.from(
        item.refusal ? [item.code, 0, 0, 0] : [item.code, 4, (length * 8) >> 8, (length * 8) & 0xff],
      )
      data.push(header, item.data)
      if (length % 2 === 1 && position < items.length - 1) data.push(FILL)
    }
    const body = Buffer.concat(data)
    const header = Buffer.from([0x32, 3, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0x04, items.length])
    header.writeUInt16BE(this.#sequence, 4)
    header.writeUInt16BE(body.length, 8)
    return dataFrame(Buffer.concat([header, body]))
  }

  #misbehaved(how: string): PenstockError {
    return new PenstockError('PROTOCOL_VIOLATION', `The library nodes7 ${how}`)
  }
}

/** Area code of data blocks, in the first of the four bytes that hold area and bit address. */
const DATA_BLOCKS = 0x8400_0000
const FILL = Buffer.alloc(1)

/**
 * Makes an item one value whose bytes are only moved: taken for an array of bytes, every single one would become an
 * element, and the array be written out for a log that nobody reads. nodes7 also keeps 32 KiB of buffers an item,
 * which a hundred thousand tags could not afford.
 */
function makePlain(item: NodeS7.Item): void {
  item.arrayLength = 1
  item.byteBuffer = Buffer.alloc(item.byteLength)
  item.qualityBuffer = Buffer.alloc(item.byteLength)
  item.writeBuffer = FILL
  item.writeQualityBuffer = FILL
}
