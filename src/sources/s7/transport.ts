import type { Socket } from 'node:net'
import { PenstockError } from '../../core/errors.ts'
import { type FrameTap, noTap } from '../frame-tap.ts'
import { dataFrame, FrameReader, type IsoMessage, readFrame } from './iso.ts'

export type TransportMessage =
  /** TCP is connected. */
  | { readonly kind: 'open' }
  | Exclude<IsoMessage, { readonly kind: 'data' }>
  /** A whole S7 PDU; valid only until the handler returns, so whoever keeps it copies it. */
  | { readonly kind: 'pdu'; readonly pdu: Buffer }

export interface TransportHandler {
  message(message: TransportMessage): void
  /** Called once, at once when the connection is gone. */
  ended(error: PenstockError): void
}

/**
 * ISO on TCP over one socket: takes frames apart however they arrive and joins the pieces of a PDU. Whatever is not
 * such a frame, FIN, RST and errors all end it, at once and once.
 */
export class IsoTransport {
  /** `host:port`, for messages. */
  readonly endpoint: string
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  readonly #longestPdu: number
  readonly #tap: FrameTap
  #handler: TransportHandler
  #pieces: Buffer[] = []
  #piecesLength = 0
  #cause: PenstockError | undefined

  constructor(socket: Socket, endpoint: string, longestPdu: number, handler: TransportHandler, tap: FrameTap = noTap) {
    this.#socket = socket
    this.endpoint = endpoint
    this.#longestPdu = longestPdu
    this.#handler = handler
    this.#tap = tap
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER)
    socket.on('connect', () => this.#handler.message({ kind: 'open' }))
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('end', () => this.end(this.#lost('the other end closed it')))
    socket.on('error', (error: NodeJS.ErrnoException) => this.end(this.#lost(error.message || String(error.code))))
    socket.on('close', () => this.end(this.#lost('it was closed')))
  }

  /** From now on `handler` is told, and nobody else; at once, where the connection has ended already. */
  handOver(handler: TransportHandler): void {
    this.#handler = handler
    if (this.#cause) handler.ended(this.#cause)
  }

  send(frame: Buffer): void {
    if (this.#cause) return
    this.#tap.sent(frame)
    this.#socket.write(frame)
  }

  sendPdu(pdu: Buffer): void {
    this.send(dataFrame(pdu))
  }

  /** Ends the connection with this cause; safe to repeat. */
  end(error: PenstockError): void {
    if (this.#cause) return
    this.#cause = error
    this.#tap.noted(error.message)
    this.#socket.destroy()
    this.#handler.ended(error)
  }

  #receive(chunk: Buffer): void {
    try {
      this.#frames.push(chunk, (frame) => {
        this.#tap.received(frame, 'answer')
        this.#take(readFrame(frame))
      })
    } catch (cause) {
      this.#tap.received(chunk, 'invalid')
      const message = `What comes from ${this.endpoint} is not ISO on TCP, so it cannot be S7`
      this.end(new PenstockError('PROTOCOL_VIOLATION', message, { cause }))
    }
  }

  #take(message: IsoMessage): void {
    if (this.#cause) return
    if (message.kind !== 'data') {
      this.#handler.message(message)
      return
    }
    // A piece of nothing counts, too, so that they cannot go on without end.
    this.#piecesLength += Math.max(message.data.length, message.last ? 0 : 1)
    if (this.#piecesLength > this.#longestPdu) throw new Error(`a PDU longer than ${this.#longestPdu} bytes`)
    const whole = message.last && this.#pieces.length === 0
    if (!whole && message.data.length > 0) this.#pieces.push(Buffer.from(message.data))
    if (!message.last) return
    const pdu = whole ? message.data : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#piecesLength = 0
    this.#handler.message({ kind: 'pdu', pdu })
  }

  #lost(how: string): PenstockError {
    return new PenstockError('CONNECTION_LOST', `The connection to the CPU at ${this.endpoint} is gone: ${how}`)
  }
}

const KEEP_ALIVE_AFTER = 30_000
