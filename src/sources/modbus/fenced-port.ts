import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import { type FrameTap, noTap } from '../frame-tap.ts'
import { crc16 } from './crc16.ts'
import {
  EXCEPTION_BIT,
  FrameReader,
  FramingError,
  faultOfAnswer,
  frameOf,
  type ReadRequest,
  readRequestOf,
} from './mbap.ts'

export interface FencedPortOptions {
  /** Connected already; the port owns it from now on. */
  readonly socket: Socket
  /** `host:port`, for messages. */
  readonly endpoint: string
  readonly clock: Clock
  readonly timeoutMs: Milliseconds
  /** Requests that may be under way at once. */
  readonly window: number
  /** A frame came that answers nothing that is still asked. */
  readonly onStray: () => void
  /** Sees every frame, and what became of those that were asked for. */
  readonly tap?: FrameTap | undefined
  /** Once, when the connection is gone; every pending request has been failed by then. */
  readonly onEnd: (cause: PenstockError) => void
}

interface Pending extends ReadRequest {
  readonly transactionId: number
  readonly slot: number
  readonly timeoutMs: Milliseconds
  readonly deadline: Milliseconds
}

/** modbus-serial's number of a request that found no free slot. */
const NO_SLOT = 0
/** The step between transaction ids: far, so that a device that gets its counting wrong hits no neighbour. */
const TRANSACTION_STRIDE = 40_503
/** Transaction ids that were given up and are not used again while this many are remembered. */
const MOST_ABANDONED = 4_096
const CRC_BYTES = 2
/** The exception that carries a failure of ours into modbus-serial; the reason itself is in `why`. */
const OWN_EXCEPTION = 0xef

/**
 * The port under modbus-serial, which encodes requests and decodes answers but guards neither. Only through here does
 * it meet the network: an answer reaches it only if its frame is sound and it provably answers a pending request, by
 * transaction id, unit, function and length; and every request is settled: by its answer, at its deadline, or at once
 * when the connection goes. modbus-serial keeps what is pending in slots that the port hands out, 1 to `window`, so
 * that nothing of it grows or is overwritten; the 16-bit transaction ids on the wire are the port's own.
 */
export class FencedPort extends EventEmitter {
  /** modbus-serial reads here which slot a `data` event belongs to. */
  _transactionIdRead = 1
  /** modbus-serial reads here which slot its next request gets. */
  _transactionIdWrite = 1
  /** While a failed request is being settled: why. Undefined while the device's own answer is. */
  why: PenstockError | undefined
  isOpen = true
  /** The timeout of the next request, where it has one of its own. */
  within: Milliseconds | undefined

  readonly #options: FencedPortOptions
  readonly #tap: FrameTap
  readonly #reader = new FrameReader((transactionId, adu, frame) => this.#receive(transactionId, adu, frame))
  /** By transaction id, the oldest first. */
  readonly #pending = new Map<number, Pending>()
  readonly #abandoned = new Set<number>()
  readonly #freeSlots: number[]
  #transactionId: number
  /** The timer for the first of all deadlines. */
  #sweep: { readonly at: Milliseconds; readonly cancel: () => void } | undefined

  /** `random` in [0, 1) chooses the first transaction id, so that no frame of an earlier connection fits by habit. */
  constructor(options: FencedPortOptions, random: () => number) {
    super()
    this.#options = options
    this.#tap = options.tap ?? noTap
    this.#transactionId = Math.floor(random() * 0x1_0000)
    this.#freeSlots = Array.from({ length: options.window - 1 }, (_, i) => options.window - i)
    const { socket, endpoint } = options
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('end', () => this.#down(lost(`${endpoint} closed the connection`)))
    socket.on('error', (cause) => this.#down(lost(`The connection to ${endpoint} broke`, cause)))
    socket.on('close', () => this.#down(lost(`The connection to ${endpoint} was closed`)))
  }

  /** For modbus-serial; the socket is connected before the port exists. */
  open(callback: (error?: Error) => void): void {
    callback()
  }

  /** Ends the connection and fails what is pending. */
  close(): void {
    this.#down(new PenstockError('STOPPED', `The connection to ${this.#options.endpoint} was ended`))
  }

  /** Sends a request that modbus-serial wrote as an RTU frame: unit, function, data, CRC. */
  write(rtu: Buffer): void {
    const slot = this._transactionIdWrite
    const adu = rtu.subarray(0, -CRC_BYTES)
    const request = readRequestOf(adu)
    const { clock, socket, window } = this.#options
    const timeoutMs = this.within ?? this.#options.timeoutMs
    this.within = undefined
    if (!request || slot === NO_SLOT) {
      const reason = request ? `${window} are under way already` : `function code ${adu[1]} is not let through`
      this.#emitFailure(slot, adu, new PenstockError('REQUEST_REFUSED', `The request was not sent: ${reason}`))
      return
    }

    const transactionId = this.#nextTransactionId()
    const deadline = clock.monotonic() + timeoutMs
    this.#pending.set(transactionId, { ...request, transactionId, slot, timeoutMs, deadline })
    this._transactionIdWrite = this.#freeSlots.pop() ?? NO_SLOT
    this.#sweepAt(deadline)
    const frame = frameOf(transactionId, adu)
    this.#tap.sent(frame)
    socket.write(frame)
  }

  #read(chunk: Buffer): void {
    if (!this.isOpen) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      const { endpoint } = this.#options
      this.#tap.received(chunk, 'invalid')
      this.#down(lost(`${endpoint} sent bytes that are no Modbus TCP (${error.message}); is it a Modbus TCP port?`))
    }
  }

  #receive(transactionId: number, adu: Buffer, frame: Buffer): void {
    const request = this.#pending.get(transactionId)
    if (!request) {
      this.#tap.received(frame, 'stray')
      this.#abandoned.delete(transactionId)
      this.#options.onStray()
      return
    }
    const fault = faultOfAnswer(request, adu)
    this.#tap.received(frame, fault === undefined ? 'answer' : 'invalid')
    if (fault === undefined) {
      this.#answer(request, adu)
      return
    }
    const { endpoint } = this.#options
    const message = `Unit ${request.unitId} at ${endpoint} answered something that was not asked: ${fault}`
    this.#fail(request, new PenstockError('PROTOCOL_VIOLATION', message))
  }

  #answer(request: Pending, adu: Buffer): void {
    this.#pending.delete(request.transactionId)
    this.#emitFrame(request.slot, adu)
    this.#release(request.slot)
  }

  #fail(request: Pending, why: PenstockError): void {
    this.#pending.delete(request.transactionId)
    this.#abandon(request.transactionId)
    this.#emitFailure(request.slot, Buffer.of(request.unitId, request.functionCode), why)
    this.#release(request.slot)
  }

  /** modbus-serial calls back within the event, so `why` is there for exactly one request. */
  #emitFailure(slot: number, asked: Buffer, why: PenstockError): void {
    this.why = why
    this.#emitFrame(slot, Buffer.of(asked[0]!, asked[1]! | EXCEPTION_BIT, OWN_EXCEPTION))
    this.why = undefined
  }

  #emitFrame(slot: number, adu: Buffer): void {
    const rtu = Buffer.allocUnsafe(adu.length + CRC_BYTES)
    adu.copy(rtu)
    rtu.writeUInt16LE(crc16(adu), adu.length)
    this._transactionIdRead = slot
    this.emit('data', rtu)
  }

  #release(slot: number): void {
    if (this._transactionIdWrite === NO_SLOT) this._transactionIdWrite = slot
    else this.#freeSlots.push(slot)
  }

  #nextTransactionId(): number {
    do this.#transactionId = (this.#transactionId + TRANSACTION_STRIDE) & 0xffff
    while (this.#pending.has(this.#transactionId) || this.#abandoned.has(this.#transactionId))
    return this.#transactionId
  }

  #abandon(transactionId: number): void {
    this.#abandoned.add(transactionId)
    if (this.#abandoned.size <= MOST_ABANDONED) return
    const [oldest] = this.#abandoned
    if (oldest !== undefined) this.#abandoned.delete(oldest)
  }

  /** One timer for all deadlines. */
  #sweepAt(deadline: Milliseconds): void {
    if (this.#sweep && this.#sweep.at <= deadline) return
    this.#sweep?.cancel()
    const { clock } = this.#options
    const cancel = clock.after(Math.max(0, deadline - clock.monotonic()), () => this.#failOverdue())
    this.#sweep = { at: deadline, cancel }
  }

  /** Afterwards it looks again at the first deadline that is still to come. */
  #failOverdue(): void {
    const { clock, endpoint } = this.#options
    this.#sweep = undefined
    const now = clock.monotonic()
    for (const request of [...this.#pending.values()]) {
      if (request.deadline > now) {
        this.#sweepAt(request.deadline)
        continue
      }
      const message = `Unit ${request.unitId} at ${endpoint} did not answer within ${Math.round(request.timeoutMs)} ms`
      this.#tap.noted(`${message} (transaction ${request.transactionId})`)
      this.#fail(request, new PenstockError('TIMEOUT', message))
    }
  }

  #down(cause: PenstockError): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#sweep?.cancel()
    this.#sweep = undefined
    this.#options.socket.destroy()
    this.#tap.noted(cause.message)
    for (const request of [...this.#pending.values()]) this.#fail(request, cause)
    this.emit('close')
    this.#options.onEnd(cause)
  }
}

const lost = (message: string, cause?: Error) =>
  new PenstockError('CONNECTION_LOST', message, cause === undefined ? undefined : { cause })
