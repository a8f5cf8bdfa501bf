import modbus from 'modbus-serial'
import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { WritePermit } from '../field-write.ts'
import type { Area } from './address.ts'
import { ModbusException } from './exception.ts'
import type { Exchange } from './exchange/exchange.ts'
import { FencedPort } from './fenced-port.ts'
import { EXCEPTION_BIT, requestOf } from './request.ts'
import type { TableReader } from './session.ts'

export interface ModbusConnectionOptions {
  /** Makes what asks the questions; the connection owns it from now on. */
  readonly exchange: (onEnd: (cause: PenstockError) => void) => Exchange
  /** `host:port` or the path of a serial line, for messages. */
  readonly endpoint: string
  readonly timeoutMs: Milliseconds
  /** Requests that may be under way at once; further ones are refused. */
  readonly window: number
}

/** How modbus-serial calls back. */
interface SerialError extends Error {
  readonly modbusCode?: number
}
type Answered = (error: SerialError | null, result: { readonly buffer: Buffer }) => void

/**
 * Reads the tables of the units behind one connection or serial line, through modbus-serial on a `FencedPort`; writes,
 * and questions what a device is, go past modbus-serial, which takes any answer to them.
 */
export class ModbusConnection implements TableReader {
  /** Resolves with the cause once the connection is gone; every pending read has been rejected by then. */
  readonly ended: Promise<PenstockError>
  readonly #client: InstanceType<typeof modbus.default>
  readonly #exchange: Exchange
  readonly #port: FencedPort
  readonly #endpoint: string
  readonly #timeoutMs: Milliseconds
  #cause: PenstockError | undefined

  constructor({ exchange, endpoint, timeoutMs, window }: ModbusConnectionOptions) {
    this.#endpoint = endpoint
    this.#timeoutMs = timeoutMs
    const { promise, resolve } = Promise.withResolvers<PenstockError>()
    this.ended = promise
    this.#exchange = exchange((cause) => {
      this.#cause = cause
      this.#port.down()
      resolve(cause)
    })
    this.#port = new FencedPort({ exchange: this.#exchange, timeoutMs, window })
    this.#client = new modbus.default(this.#port)
    this.#client.open()
  }

  /**
   * The data of `count` registers (two bytes each, most significant first) or bits (eight a byte, the first in the
   * lowest bit). Rejects with a ModbusException (REQUEST_REFUSED) when the device refuses, TIMEOUT, PROTOCOL_VIOLATION
   * when it answers something else, CONNECTION_LOST, or STOPPED after `close`. `within` is a timeout for this one.
   */
  read(unitId: number, area: Area, start: number, count: number, within?: Milliseconds): Promise<Buffer> {
    if (this.#cause) return Promise.reject(this.#cause)
    return new Promise((resolve, reject) => {
      const answered: Answered = (error, result) => {
        if (error === null) resolve(result.buffer)
        else reject(this.#port.why ?? this.#explain(error, unitId))
      }
      this.#port.within = within
      this.#ask(unitId, area, start, count, answered)
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

  #exchanged(adu: Buffer, permit?: WritePermit): Promise<Buffer> {
    if (this.#cause) return Promise.reject(this.#cause)
    const request = requestOf(adu)
    if (!request) throw new RangeError(`Function ${adu[1]} is none that is used here`)
    return new Promise((resolve, reject) => {
      const settle = (outcome: Buffer | PenstockError) => {
        if (outcome instanceof PenstockError) reject(outcome)
        else if ((outcome.readUInt8(1) & EXCEPTION_BIT) === 0) resolve(outcome)
        else reject(new ModbusException(outcome.readUInt8(2), request.unitId, this.#endpoint))
      }
      this.#exchange.ask({ request, adu, timeoutMs: this.#timeoutMs, ...(permit && { permit }), settle })
    })
  }

  /** Fails what is pending with STOPPED; resolves when another connection may take its place. May be repeated. */
  close(): Promise<void> {
    return this.#exchange.end(new PenstockError('STOPPED', `The connection to ${this.#endpoint} was ended`))
  }

  #ask(unitId: number, area: Area, start: number, count: number, answered: Answered): void {
    switch (area) {
      case 'coil':
        this.#client.writeFC1(unitId, start, count, answered)
        break
      case 'discrete':
        this.#client.writeFC2(unitId, start, count, answered)
        break
      case 'holding':
        this.#client.writeFC3(unitId, start, count, answered)
        break
      case 'input':
        this.#client.writeFC4(unitId, start, count, answered)
        break
    }
  }

  #explain(error: SerialError, unitId: number): PenstockError {
    if (error.modbusCode !== undefined) return new ModbusException(error.modbusCode, unitId, this.#endpoint)
    const message = `The answer of unit ${unitId} at ${this.#endpoint} could not be decoded`
    return new PenstockError('PROTOCOL_VIOLATION', message, { cause: error })
  }
}
