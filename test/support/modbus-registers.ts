import { PenstockError } from '../../src/core/errors.ts'
import type { Area } from '../../src/sources/modbus/address.ts'
import { ModbusException } from '../../src/sources/modbus/exception.ts'
import type { TableReader } from '../../src/sources/modbus/session.ts'
import { noWrites } from './no-writes.ts'

/** A device in memory: register n holds n, some addresses do not exist. */
export class Registers implements TableReader {
  readonly ended = new Promise<never>(() => undefined)
  readonly asked: [number, number][] = []
  readonly missing = new Set<number>()
  most = 125
  /** Answered to every request instead. */
  fault: PenstockError | undefined

  async read(unitId: number, _area: Area, start: number, count: number): Promise<Buffer> {
    this.asked.push([start, count])
    if (this.fault) throw this.fault
    if (count > this.most) throw new ModbusException(3, unitId, 'plc:502')
    const addresses = Array.from({ length: count }, (_, i) => start + i)
    if (addresses.some((address) => this.missing.has(address))) throw new ModbusException(2, unitId, 'plc:502')
    return Buffer.from(addresses.flatMap((address) => [address >> 8, address & 0xff]))
  }

  write = noWrites.write
  ask = noWrites.ask

  async close(): Promise<void> {
    this.fault = new PenstockError('STOPPED', 'closed')
  }
}
