import type { AddressInfo, Server } from 'node:net'
import { type IServiceVector, ServerTCP } from 'modbus-serial'
import type { SimulatedUnit, Table } from './register-map.ts'

/** Carried to the client as a Modbus exception. */
class Refusal extends Error {
  readonly modbusErrorCode: number

  constructor(exceptionCode: number) {
    super(`exception ${exceptionCode}`)
    this.modbusErrorCode = exceptionCode
  }
}

const ILLEGAL_DATA_ADDRESS = 2
const GATEWAY_TARGET_FAILED_TO_RESPOND = 11

/**
 * A Modbus TCP server with simulated units behind it, like a gateway: it answers for units that it does not have with
 * exception 11.
 */
export class ModbusSimulator {
  readonly #units: ReadonlyMap<number, SimulatedUnit>
  #server: ServerTCP | undefined

  /** Units by unit id. */
  constructor(units: ReadonlyMap<number, SimulatedUnit>) {
    this.#units = units
  }

  /** Listens and answers the port; 0 lets the system choose one. Rejects when the port is taken. */
  listen(port = 0, host = '127.0.0.1'): Promise<number> {
    // modbus-serial takes the number 0 for "not given" and would listen on port 502.
    const server = new ServerTCP(this.#vector(), { host, port: (port === 0 ? '0' : port) as number })
    this.#server = server
    return new Promise((resolve, reject) => {
      server.on('serverError', reject)
      server.on('socketError', () => undefined)
      server.on('initialized', () => {
        // modbus-serial does not tell which port it got.
        const { _server } = server as unknown as { readonly _server: Server }
        resolve((_server.address() as AddressInfo).port)
      })
    })
  }

  /** Ends every connection; safe at any time. */
  close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }

  #vector(): IServiceVector {
    return {
      getCoil: (address: number, unitId: number) => this.#read(unitId, 'coil', address, 1)[0] === 1,
      getDiscreteInput: (address: number, unitId: number) => this.#read(unitId, 'discrete', address, 1)[0] === 1,
      getInputRegister: (address: number, unitId: number) => this.#read(unitId, 'input', address, 1)[0]!,
      getHoldingRegister: (address: number, unitId: number) => this.#read(unitId, 'holding', address, 1)[0]!,
      getMultipleInputRegisters: (address: number, count: number, unitId: number) =>
        this.#read(unitId, 'input', address, count),
      getMultipleHoldingRegisters: (address: number, count: number, unitId: number) =>
        this.#read(unitId, 'holding', address, count),
      setCoil: (address: number, value: boolean, unitId: number) => {
        this.#write(unitId, 'coil', address, Number(value))
      },
      setRegister: (address: number, value: number, unitId: number) => {
        this.#write(unitId, 'holding', address, value)
      },
    }
  }

  #read(unitId: number, table: Table, address: number, count: number): number[] {
    const { map } = this.#present(unitId)
    return Array.from({ length: count }, (_, offset) => {
      const value = map.read(table, address + offset)
      if (value === undefined) throw new Refusal(ILLEGAL_DATA_ADDRESS)
      return value
    })
  }

  #write(unitId: number, table: 'coil' | 'holding', address: number, value: number): void {
    if (!this.#present(unitId).map.write(table, address, value)) throw new Refusal(ILLEGAL_DATA_ADDRESS)
  }

  #present(unitId: number): SimulatedUnit {
    const unit = this.#units.get(unitId)
    if (!unit) throw new Refusal(GATEWAY_TARGET_FAILED_TO_RESPOND)
    unit.advance()
    return unit
  }
}
