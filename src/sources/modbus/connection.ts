import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { WritePermit } from '../field-write.ts'
import type { Area } from './address.ts'
import { ModbusException } from './exception.ts'
import type { Exchange } from './exchange/exchange.ts'
import { ReadEncoder } from './read-encoder.ts'
import { EXCEPTION_BIT, type ModbusRequest, requestOf } from './request.ts'
import type { TableReader } from './session.ts'

export interface ModbusConnectionOptions {
  /** Makes what asks the questions; the connection owns it from now on. */
  readonly exchange: (onEnd: (cause: PenstockError) => void) => Exchange
  /** `host:port` or the path of a serial line, for messages. */
  readonly endpoint: string
  readonly timeoutMs: Milliseconds
  /** Reads that may be under way at once; further ones are refused. */
  readonly window: number
}

/** Of an answer to a read: unit, function and number of bytes come before them. */
const DATA_AT = 3

/**
 * Reads and writes the tables of the units behind one connection or serial line, and asks what they are. The exchange
 * settles every request, with an answer only if that provably answers it.
 */
export class ModbusConnection implements TableReader {
  /** Resolves with the cause once the connection is gone; every pending read has been rejected by then. */
  readonly ended: Promise<PenstockError>
  readonly #encoder = new ReadEncoder()
  readonly #exchange: Exchange
  readonly #endpoint: string
  readonly #timeoutMs: Milliseconds
  readonly #window: number
  #reads = 0
  #cause: PenstockError | undefined

  constructor({ exchange, endpoint, timeoutMs, window }: ModbusConnectionOptions) {
    this.#endpoint = endpoint
    this.#timeoutMs = timeoutMs
    this.#window = window
    const { promise, resolve } = Promise.withResolvers<PenstockError>()
    this.ended = promise
    this.#exchange = exchange((cause) => {
      this.#cause = cause
      resolve(cause)
    })
  }

  /**
   * The data of `count` registers (two bytes each, most significant first) or bits (eight a byte, the first in the
   * lowest bit). Rejects with a ModbusException (REQUEST_REFUSED) when the device refuses, TIMEOUT, PROTOCOL_VIOLATION
   * when it answers something else, CONNECTION_LOST, or STOPPED after `close`. `within` is a timeout for this one.
   */
  read(unitId: number, area: Area, start: number, count: number, within?: Milliseconds): Promise<Buffer> {
    if (this.#cause) return Promise.reject(this.#cause)
    if (this.#reads >= this.#window) {
      const message = `The request was not sent: ${this.#window} are under way already`
      return Promise.reject(new PenstockError('REQUEST_REFUSED', message))
    }
    return new Promise((resolve, reject) => {
      const { adu, request } = this.#encoder.encode(unitId, area, start, count)
      this.#reads++
      const settle = (outcome: Buffer | PenstockError) => {
        this.#reads--
        const answer = this.#judged(outcome, request)
        if (answer instanceof PenstockError) reject(answer)
        else resolve(answer.subarray(DATA_AT))
      }
      this.#exchange.ask({ request, adu, timeoutMs: within ?? this.#timeoutMs, settle })
    })
  }

  /**
   * Sends one request that writes, once, if the permit is given for it, and resolves when the answer says that it is done.
   * Rejects as `read`; after TIMEOUT, PROTOCOL_VIOLATION and CONNECTION_LOST it may be done all the same, if the permit
   * was taken.
   */
  async write(adu: Buffer, permit: WritePermit): Promise<void> {
    await this.#exchanged(adu, permit)
  }

  /** Asks once what the device is, with function 43 or 17; resolves with the ADU that answers it, rejects as `read`. */
  ask(adu: Buffer): Promise<Buffer> {
    return this.#exchanged(adu)
  }

  /** Fails what is pending with STOPPED; resolves when another connection may take its place. May be repeated. */
  close(): Promise<void> {
    return this.#exchange.end(new PenstockError('STOPPED', `The connection to ${this.#endpoint} was ended`))
  }

  #exchanged(adu: Buffer, permit?: WritePermit): Promise<Buffer> {
    if (this.#cause) return Promise.reject(this.#cause)
    const request = requestOf(adu)
    if (!request) throw new RangeError(`Function ${adu[1]} is none that is used here`)
    return new Promise((resolve, reject) => {
      const settle = (outcome: Buffer | PenstockError) => {
        const answer = this.#judged(outcome, request)
        if (answer instanceof PenstockError) reject(answer)
        else resolve(answer)
      }
      this.#exchange.ask({ request, adu, timeoutMs: this.#timeoutMs, ...(permit && { permit }), settle })
    })
  }

  /** What came of a request; that the device refuses it is a failure too. */
  #judged(outcome: Buffer | PenstockError, { unitId }: ModbusRequest): Buffer | PenstockError {
    if (outcome instanceof PenstockError || (outcome.readUInt8(1) & EXCEPTION_BIT) === 0) return outcome
    return new ModbusException(outcome.readUInt8(2), unitId, this.#endpoint)
  }
}
