import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { BinaryStream, type ExpandedNodeId, encodeExpandedNodeId } from 'node-opcua'

const NONE = 'http://opcfoundation.org/UA/SecurityPolicy#None'

/** A request of any service, as node-opcua encodes it. */
export interface Encodable {
  readonly schema: { readonly encodingDefaultBinary?: ExpandedNodeId }
  encode(stream: BinaryStream): void
}

/** The body of a message (OPC 10000-6 §5.2.9): the NodeId of its encoding, then the request. */
export function bodyOf(request: Encodable): Buffer {
  const stream = new BinaryStream(4 * 1024 * 1024)
  const { encodingDefaultBinary } = request.schema
  if (!encodingDefaultBinary) throw new Error('a request without an encoding')
  encodeExpandedNodeId(encodingDefaultBinary, stream)
  request.encode(stream)
  return Buffer.from(stream.buffer.subarray(0, stream.length))
}

const uint32s = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value, 4 * at)
  return bytes
}

const text = (value: string): Buffer => Buffer.concat([uint32s(value.length), Buffer.from(value, 'latin1')])

/** A message chunk (OPC 10000-6 §6.7.2): `HELF`, `OPNF`, `MSGF`, `MSGC`…, its length, and the rest. */
export function frame(kind: string, ...parts: readonly Buffer[]): Buffer {
  const rest = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(kind, 'latin1'), uint32s(8 + rest.length), rest])
}

export const helloTo = (url: string): Buffer => frame('HELF', uint32s(0, 65_536, 65_536, 0, 0), text(url))

/** An OpenSecureChannel request without security, or what claims to be one of another policy. */
export function openChannel(policy = NONE, certificate: Buffer | null = null): Buffer {
  const security = [
    text(policy),
    certificate ? Buffer.concat([uint32s(certificate.length), certificate]) : minusOne,
    minusOne,
  ]
  const requestHeader = [
    Buffer.from([0, 0]),
    Buffer.alloc(8),
    uint32s(1, 0),
    minusOne,
    uint32s(0),
    Buffer.from([0, 0, 0]),
  ]
  const body = [Buffer.from([1, 0, 0xbe, 1]), ...requestHeader, uint32s(0, 0, 1), minusOne, uint32s(3_600_000)]
  return frame('OPNF', uint32s(0), ...security, uint32s(1, 1), ...body)
}

const minusOne = uint32s(0xffff_ffff)

/** A connection on which anything at all can be sent. */
export class RawChannel {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #channelId = 0
  #sequence = 1
  closed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]).subarray(-1_000_000)
    })
    // Being cut off is what most of these connections are for.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.closed = true
    })
  }

  static async dial(port: number): Promise<RawChannel> {
    const channel = new RawChannel(connect(port, '127.0.0.1'))
    await Promise.race([once(channel.socket, 'connect'), once(channel.socket, 'close')])
    return channel
  }

  /** A channel without security, open for requests. */
  static async open(url: string): Promise<RawChannel> {
    const channel = await RawChannel.dial(Number(new URL(url.replace('opc.tcp', 'http')).port))
    channel.socket.write(helloTo(url))
    await channel.answers(28)
    channel.socket.write(openChannel())
    await channel.answers(28 + 60)
    channel.#channelId = channel.#received.readUInt32LE(28 + 8)
    return channel
  }

  /** Everything that was answered, at most its last million bytes. */
  get received(): Buffer {
    return this.#received
  }

  /** Resolves when so many bytes were answered, or the connection is closed. */
  async answers(bytes: number): Promise<void> {
    while (this.#received.length < bytes && !this.closed) {
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
  }

  /** One chunk of a message, final or not; the token of a new channel is its first. */
  chunk(body: Buffer, kind: 'MSGF' | 'MSGC' = 'MSGF', sequence = ++this.#sequence): void {
    if (!this.closed) this.socket.write(frame(kind, uint32s(this.#channelId, 1, sequence, sequence), body))
  }

  /** A message, in as many chunks as it needs. */
  send(body: Buffer): void {
    const SIZE = 60_000
    for (let from = 0; from < body.length; from += SIZE) {
      const isLast = from + SIZE >= body.length
      this.chunk(body.subarray(from, from + SIZE), isLast ? 'MSGF' : 'MSGC')
    }
  }

  end(): void {
    this.socket.destroy()
  }
}
