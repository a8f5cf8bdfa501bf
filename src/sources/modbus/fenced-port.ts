import { EventEmitter } from 'node:events'
import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { Exchange } from './exchange/exchange.ts'
import { encodeRtu } from './framing/rtu.ts'
import { EXCEPTION_BIT, requestOf } from './request.ts'

export interface FencedPortOptions {
  readonly exchange: Exchange
  readonly timeoutMs: Milliseconds
  /** Requests that may be under way at once. */
  readonly window: number
}

/** modbus-serial's number of a request that found no free slot. */
const NO_SLOT = 0
const CRC_BYTES = 2
/** The exception that carries a failure of ours into modbus-serial; the reason itself is in `why`. */
const OWN_EXCEPTION = 0xef

/**
 * The port under modbus-serial, which encodes requests and decodes answers but guards neither. Only through here does
 * it meet a wire: the exchange behind settles every request, with an answer only if that provably answers it.
 * modbus-serial keeps what is pending in slots that the port hands out, 1 to `window`, so that nothing of it grows or
 * is overwritten.
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
  readonly #freeSlots: number[]

  constructor(options: FencedPortOptions) {
    super()
    this.#options = options
    this.#freeSlots = Array.from({ length: options.window - 1 }, (_, i) => options.window - i)
  }

  /** For modbus-serial; the wire is there before the port is. */
  open(callback: (error?: Error) => void): void {
    callback()
  }

  /** Tells modbus-serial that the wire is gone; every request has been settled by then. */
  down(): void {
    this.isOpen = false
    this.emit('close')
  }

  /** Sends a request that modbus-serial wrote as an RTU frame: unit, function, data, CRC. */
  write(rtu: Buffer): void {
    const slot = this._transactionIdWrite
    const adu = rtu.subarray(0, -CRC_BYTES)
    const request = requestOf(adu)
    const { exchange, window } = this.#options
    const timeoutMs = this.within ?? this.#options.timeoutMs
    this.within = undefined
    const isRead = request !== undefined && !request.echo && !request.faultOf
    if (!isRead || slot === NO_SLOT) {
      const reason = isRead ? `${window} are under way already` : `function code ${adu[1]} is not let through`
      this.#emitFailure(slot, adu, new PenstockError('REQUEST_REFUSED', `The request was not sent: ${reason}`))
      return
    }

    this._transactionIdWrite = this.#freeSlots.pop() ?? NO_SLOT
    const settle = (outcome: Buffer | PenstockError) => {
      if (outcome instanceof PenstockError) this.#emitFailure(slot, adu, outcome)
      else this.#emitFrame(slot, outcome)
      this.#release(slot)
    }
    exchange.ask({ request, adu, timeoutMs, settle })
  }

  /** modbus-serial calls back within the event, so `why` is there for exactly one request. */
  #emitFailure(slot: number, asked: Buffer, why: PenstockError): void {
    this.why = why
    this.#emitFrame(slot, Buffer.of(asked[0]!, asked[1]! | EXCEPTION_BIT, OWN_EXCEPTION))
    this.why = undefined
  }

  #emitFrame(slot: number, adu: Buffer): void {
    this._transactionIdRead = slot
    this.emit('data', encodeRtu(adu))
  }

  #release(slot: number): void {
    if (this._transactionIdWrite === NO_SLOT) this._transactionIdWrite = slot
    else this.#freeSlots.push(slot)
  }
}
