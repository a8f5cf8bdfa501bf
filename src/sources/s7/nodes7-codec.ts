import NodeS7 from 'nodes7'
import { PenstockError } from '../../core/errors.ts'
import { areaCodes, isNumbered, NUMBERED_BYTES, type S7Area } from './areas.ts'
import type { ReadItem } from './pdu.ts'

/**
 * With `nodes7-write.ts` the only place that knows nodes7 from inside. nodes7 0.3.18 writes a read request for byte areas and takes its reply
 * apart, and nothing else: it has no socket, no clock that matters, and sees no reply that was not proved to answer
 * the request. What it does wrong beside that (fragmented replies, more than 20 items, codecs, addresses, reconnects)
 * is thereby out of reach.
 */

/** Consecutive bytes of one area or data block; timers and counters are two bytes each, from number 0. */
export interface Span {
  readonly area: S7Area
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
/** Element size of a request for bytes. */
const IN_BYTES = 0x02
const FRAME_ITEM_REPLIES = FRAME_HEADER + 14
/** Return code, transport size, length. */
const ITEM_HEADER = 4
/** Transport sizes of a reply: bytes whose length counts bits, and octets. */
const BITS = 0x04
const OCTETS = 0x09

/** The read request for some spans, to be sent again and again. The spans must be in request order and fit one PDU. */
export class ReadRequest {
  readonly spans: readonly Span[]
  readonly #library: Nodes7
  readonly #names: readonly string[]
  #nodes7: NodeS7 | undefined
  #written: Buffer | undefined
  #reply: Buffer | undefined
  #answered = false
  #sequence = 0
  #underWay = false

  constructor(spans: readonly Span[], library: Nodes7 = NodeS7) {
    this.spans = spans
    this.#library = library
    this.#names = spans.map(nameOf)
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
    if (frame) this.#correct(frame)
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
    const made = besideNetwork(this.#library, {
      // A view of a buffer that nodes7 fills again only for the next request, which waits for this one's end.
      write: (frame) => {
        this.#written = frame
      },
      misbehaved: (how) => this.#misbehaved(how),
    })
    made.addItemsNow([...this.#names])
    for (const item of made.polledReadBlockList) makePlain(item)
    return made
  }

  /** nodes7 asks for one timer or counter whatever it is told, and for the one of eight times the number. */
  #correct(frame: Buffer): void {
    for (const [position, { area, start, length }] of this.spans.entries()) {
      const at = FRAME_ITEMS + position * ITEM
      if (!isNumbered(area) || frame.length < at + ITEM) continue
      frame.writeUInt16BE(length / NUMBERED_BYTES, at + 4)
      frame.writeUIntBE(start / NUMBERED_BYTES, at + 9, 3)
    }
  }

  #asksForSpans(frame: Buffer): boolean {
    const { spans } = this
    return (
      frame.length === FRAME_ITEMS + spans.length * ITEM &&
      frame.readUInt16BE(2) === frame.length &&
      spans.every(({ area, db, start, length }, position) => {
        const at = FRAME_ITEMS + position * ITEM
        const code = areaCodes[area]
        const numbered = isNumbered(area)
        return (
          frame[at + 3] === (numbered ? code : IN_BYTES) &&
          frame.readUInt16BE(at + 4) === (numbered ? length / NUMBERED_BYTES : length) &&
          frame.readUInt16BE(at + 6) === db &&
          frame[at + 8] === code &&
          frame.readUIntBE(at + 9, 3) === (numbered ? start / NUMBERED_BYTES : start * 8)
        )
      })
    )
  }

  /** The reply with nodes7's own sequence number and with refused items as nodes7 counts them: a header alone. */
  #asReply(items: readonly ReadItem[]): Buffer {
    this.#reply ??= this.#emptyReply()
    const reply = this.#reply
    let at = FRAME_ITEM_REPLIES
    for (const [position, { code, refusal, data }] of items.entries()) {
      at += (at - FRAME_ITEM_REPLIES) & 1
      const numbered = isNumbered((this.spans[position] as Span).area)
      const { length } = data
      reply.writeUInt8(code, at)
      reply.writeUInt8(refusal ? 0 : numbered ? OCTETS : BITS, at + 1)
      reply.writeUInt16BE(refusal || numbered ? length : length * 8, at + 2)
      reply.set(data, at + ITEM_HEADER)
      at += ITEM_HEADER + length
    }
    reply.writeUInt16BE(at, 2)
    reply.writeUInt16BE(this.#sequence, FRAME_REFERENCE)
    reply.writeUInt16BE(at - FRAME_ITEM_REPLIES, FRAME_REFERENCE + 4)
    return reply.subarray(0, at)
  }

  /** Room for the longest reply, with what is the same in every one. */
  #emptyReply(): Buffer {
    const longest = this.spans.reduce((sum, { length }) => sum + ITEM_HEADER + length + (length & 1), 0)
    const reply = Buffer.alloc(FRAME_ITEM_REPLIES + longest)
    reply.set([3, 0, 0, 0, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0x04, this.spans.length])
    return reply
  }

  #misbehaved(how: string): PenstockError {
    return new PenstockError('PROTOCOL_VIOLATION', `The library nodes7 ${how}`)
  }
}

/** A nodes7 that takes itself for connected: what it sends goes to `write`, and it never connects or gives up. */
export function besideNetwork(
  library: Nodes7,
  facade: { readonly write: (frame: Buffer) => void; readonly misbehaved: (how: string) => PenstockError },
): NodeS7 {
  const made = new library({ silent: true })
  made.isoclient = { write: facade.write }
  made.isoConnectionState = CONNECTED
  made.maxPDU = NO_LIMIT
  made.maxParallel = 1
  made.globalTimeout = NEVER
  made.doNotOptimize = true
  made.connectionParams = {}
  const giveUp = () => {
    throw facade.misbehaved('gives up its connection')
  }
  made.connectNow = giveUp
  made.connectionReset = giveUp
  made.resetNow = giveUp
  made.readWriteError = giveUp
  return made
}

const FILL = Buffer.alloc(1)

/** As nodes7 calls them. */
function nameOf({ area, db, start, length }: Span): string {
  if (isNumbered(area)) return `${area}${start / NUMBERED_BYTES}.${length / NUMBERED_BYTES}`
  return area === 'DB' ? `DB${db},BYTE${start}.${length}` : `${area}B${start}.${length}`
}

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
