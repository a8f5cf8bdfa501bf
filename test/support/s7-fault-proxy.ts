import { connect, createServer, type Server, type Socket } from 'node:net'

/** What happens to a frame on its way from the CPU to the client. */
export type Fault =
  /** Every byte in a segment of its own. */
  | 'bytewise'
  /** Joined with the frames around it and cut like Ethernet does, every 1,460 bytes. */
  | 'segmented'
  /** Kept back until the next frame comes, and delivered before it. */
  | 'late'
  /** Delivered twice. */
  | 'doubled'
  /** The reference of a neighbouring request. */
  | 'wrong-reference'
  /** Another function, number of items, length of an item, or kind. */
  | 'wrong-function'
  | 'wrong-count'
  | 'wrong-length'
  | 'wrong-kind'
  /** Whole as a frame, but its S7 PDU lacks the last bytes. */
  | 'shortened'
  /** Ends in the middle, then FIN. */
  | 'truncated'
  /** Bytes that are no frame. */
  | 'garbage'
  | 'rst'
  | 'fin'
  /** Nothing at all. */
  | 'mute'

/** Stands between a client and a CPU and does to the CPU's frames what the test says. */
export class FaultProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Chosen for each frame of a read reply; undefined lets it pass. */
  fault: () => Fault | undefined = () => undefined
  /** The same for the frames of replies to writes. */
  faultOfWrite: () => Fault | undefined = () => undefined
  /** What a frame of a read reply becomes before that. */
  rewrite: (frame: Buffer) => Buffer = (frame) => frame
  /** Whether the frames of the handshake suffer, too. */
  fromTheStart = false

  private constructor(target: number) {
    this.#server = createServer((client) => this.#join(client, connect({ port: target, host: '127.0.0.1' })))
  }

  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #join(client: Socket, cpu: Socket): void {
    const line = new FaultyLine(client)
    for (const socket of [client, cpu]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
    }
    client.on('data', (chunk) => cpu.write(chunk))
    client.on('close', () => cpu.destroy())
    cpu.on('close', () => client.destroy())
    let rest: Buffer = Buffer.alloc(0)
    cpu.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 4 && rest.length >= rest.readUInt16BE(2)) {
        const length = rest.readUInt16BE(2)
        const frame = rest.subarray(0, length)
        rest = rest.subarray(length)
        const isRead = frame[19] === 0x04 || (frame.length >= 19 && frame[5] === 0xf0 && frame[17] !== 0)
        if (frame[19] === 0x05) line.deliver(frame, this.faultOfWrite())
        else line.deliver(isRead ? this.rewrite(frame) : frame, isRead || this.fromTheStart ? this.fault() : undefined)
      }
    })
  }
}

const REFERENCE = 11
const S7_KIND = 8
const FUNCTION = 19
const COUNT = 20
const FIRST_ITEM_LENGTH = 23

/** The way from the CPU to one client; keeps the order of what it delivers. */
class FaultyLine {
  readonly #client: Socket
  readonly #queue: Buffer[] = []
  #writing = false
  #kept: Buffer | undefined
  /** A stream that ends in the middle of a frame carries nothing behind it: TCP loses nothing in between. */
  #ended = false
  #whenSent: () => void = () => undefined

  constructor(client: Socket) {
    this.#client = client
  }

  deliver(original: Buffer, fault: Fault | undefined): void {
    if (this.#ended) return
    const frame = Buffer.from(original)
    if (this.#kept) this.#send(this.#kept)
    this.#kept = undefined
    switch (fault) {
      case 'bytewise':
        for (const byte of frame) this.#send(Buffer.of(byte))
        return
      case 'segmented':
        this.#join(frame)
        return
      case 'late':
        this.#kept = frame
        return
      case 'doubled':
        this.#send(frame)
        this.#send(frame)
        return
      case 'shortened':
        frame.writeUInt16BE(frame.length - 3, 2)
        this.#send(frame.subarray(0, frame.length - 3))
        return
      case 'truncated':
        this.#send(frame.subarray(0, frame.length - 3))
        this.#end(() => this.#client.end())
        return
      case 'garbage':
        this.#send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
        return
      case 'rst':
        this.#end(() => this.#client.resetAndDestroy())
        return
      case 'fin':
        this.#end(() => this.#client.end())
        return
      case 'mute':
        return
      default:
        this.#send(fault === undefined ? frame : falsified(frame, fault))
    }
  }

  #send(piece: Buffer): void {
    this.#queue.push(piece)
    this.#pump()
  }

  #join(frame: Buffer): void {
    const joined = Buffer.concat([...this.#queue.splice(0), frame])
    for (let at = 0; at < joined.length; at += 1_460) this.#queue.push(joined.subarray(at, at + 1_460))
    this.#pump()
  }

  #end(how: () => void): void {
    this.#ended = true
    this.#whenSent = how
    this.#pump()
  }

  /** One piece a turn of the event loop, so that each arrives by itself. */
  #pump(): void {
    if (this.#writing) return
    this.#writing = true
    setImmediate(() => {
      this.#writing = false
      const piece = this.#queue.shift()
      if (piece && this.#client.writable) this.#client.write(piece)
      if (this.#queue.length > 0) this.#pump()
      else this.#whenSent()
    })
  }
}

type Falsification = 'wrong-reference' | 'wrong-function' | 'wrong-count' | 'wrong-length' | 'wrong-kind'

function falsified(frame: Buffer, fault: Falsification): Buffer {
  switch (fault) {
    case 'wrong-reference':
      frame.writeUInt16BE((frame.readUInt16BE(REFERENCE) + 7) & 0xffff, REFERENCE)
      return frame
    case 'wrong-function':
      frame.writeUInt8(frame[FUNCTION] === 0x05 ? 0x04 : 0x05, FUNCTION)
      return frame
    case 'wrong-count':
      frame.writeUInt8(frame.readUInt8(COUNT) + 1, COUNT)
      return frame
    case 'wrong-length':
      frame.writeUInt16BE(frame.readUInt16BE(FIRST_ITEM_LENGTH) + 16, FIRST_ITEM_LENGTH)
      return frame
    case 'wrong-kind':
      frame.writeUInt8(0x07, S7_KIND)
      return frame
  }
}
