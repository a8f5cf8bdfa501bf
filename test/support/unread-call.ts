import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { methodOf } from './grpc-site.ts'
import { basic, USERS } from './web-server.ts'

/** A call of the value service whose answers nobody takes before `read`, so that HTTP/2 gives no room for more. */
export class UnreadCall {
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  readonly #method: ReturnType<typeof methodOf>
  #bytes = Buffer.alloc(0)
  #reading = false
  isBegun = false
  isOver = false

  constructor(address: string, method: string, request: object) {
    this.#method = methodOf('penstock.v1.ValueService', method)
    this.#session = connect(`http://${address}`)
    this.#session.on('error', () => undefined)
    this.#session.on('close', () => {
      this.isOver = true
    })
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': this.#method.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: basic('olga', USERS.olga.password),
    })
    this.#stream.on('error', () => undefined)
    this.#stream.on('response', () => {
      this.isBegun = true
    })
    this.#stream.end(frame(this.#method.requestSerialize(request as never)))
  }

  /** All messages so far; from now on they are taken. */
  read<Message>(): Message[] {
    if (!this.#reading) {
      this.#reading = true
      this.#stream.on('data', (chunk: Buffer) => {
        this.#bytes = Buffer.concat([this.#bytes, chunk])
      })
    }
    const messages: Message[] = []
    for (let from = 0; from + 5 <= this.#bytes.length; ) {
      const to = from + 5 + this.#bytes.readUInt32BE(from + 1)
      if (to > this.#bytes.length) break
      messages.push(this.#method.responseDeserialize(this.#bytes.subarray(from + 5, to)) as Message)
      from = to
    }
    return messages
  }

  close(): void {
    this.#session.destroy()
  }
}

/** A message as gRPC sends it over HTTP/2: not compressed, with its length. */
function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
