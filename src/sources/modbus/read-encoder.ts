import { EventEmitter } from 'node:events'
import modbus from 'modbus-serial'
import { type Area, areas } from './address.ts'
import { type ModbusRequest, requestOf } from './request.ts'

const CRC_BYTES = 2

/** The port under modbus-serial: it keeps what is written to it, and nothing ever comes out of it. */
class WrittenOnly extends EventEmitter {
  /** modbus-serial keeps what it waits for in this slot: the same one, so that nothing of it grows. */
  readonly _transactionIdWrite = 1
  readonly isOpen = true
  /** The last request, as an RTU frame: unit, function, data, CRC. */
  written: Buffer = Buffer.alloc(0)

  write(rtu: Buffer): void {
    this.written = rtu
  }
}

/** What asks for something: the bytes of it, and what its answer looks like. */
export interface ReadRequest {
  /** Unit, function, data. */
  readonly adu: Buffer
  readonly request: ModbusRequest
}

/** A line asks for the same again and again; of what is asked for only once, no more than this is kept. */
const MOST_KEPT = 1_024

const nobodyWaits = () => undefined

/**
 * Has modbus-serial write the requests that read, each once. It never sees an answer: the exchange proves each
 * (`faultOfAnswer`), and all that modbus-serial would add is a CRC of what came without one, and a list of numbers that
 * nobody reads.
 */
export class ReadEncoder {
  readonly #port = new WrittenOnly()
  readonly #client = new modbus.default(this.#port)
  readonly #written = new Map<number, ReadRequest>()

  /** The request for `count` registers or bits from address `start`. */
  encode(unitId: number, area: Area, start: number, count: number): ReadRequest {
    const key = ((unitId * areas.length + areas.indexOf(area)) * 0x1_0000 + start) * 0x1_0000 + count
    const known = this.#written.get(key)
    if (known) return known
    if (this.#written.size >= MOST_KEPT) this.#written.clear()
    const adu = this.#write(unitId, area, start, count)
    const request = requestOf(adu)
    if (!request) throw new RangeError(`modbus-serial wrote function ${adu[1]}, which is none that reads`)
    const written = { adu, request }
    this.#written.set(key, written)
    return written
  }

  #write(unitId: number, area: Area, start: number, count: number): Buffer {
    switch (area) {
      case 'coil':
        this.#client.writeFC1(unitId, start, count, nobodyWaits)
        break
      case 'discrete':
        this.#client.writeFC2(unitId, start, count, nobodyWaits)
        break
      case 'holding':
        this.#client.writeFC3(unitId, start, count, nobodyWaits)
        break
      case 'input':
        this.#client.writeFC4(unitId, start, count, nobodyWaits)
        break
    }
    return this.#port.written.subarray(0, -CRC_BYTES)
  }
}
