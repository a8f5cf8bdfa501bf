/** The tables of a simulated unit, by the names of the Modbus specification. */
export type Table = 'coil' | 'discrete' | 'input' | 'holding'

type Write = (value: number) => void

interface Cell {
  /** A register, or 0 or 1 for a bit. */
  readonly read: () => number
  readonly write: Write | undefined
}

/** What answers for a unit: tables of values, and what has to happen before they are read. */
export interface SimulatedUnit {
  readonly map: RegisterMap
  /** Brings the simulated process up to the present. */
  advance(): void
}

/**
 * Lays a unit's values out in its four tables. A value that spans registers is read anew for each of them, so they
 * agree only while the process stands still: `advance` once, then read.
 */
export class RegisterMap {
  readonly #cells = new Map<string, Cell>()

  bit(table: 'coil' | 'discrete', address: number, read: () => boolean, write?: (value: boolean) => void): this {
    return this.#place(table, address, () => Number(read()), write && ((value) => write(value !== 0)))
  }

  /** A register of 16 bits, signed or not. */
  word(table: 'input' | 'holding', address: number, read: () => number, write?: Write): this {
    return this.#place(table, address, () => Math.round(read()) & 0xffff, write)
  }

  float32(table: 'input' | 'holding', address: number, read: () => number): this {
    return this.#span(table, address, 2, (into) => into.writeFloatBE(read()))
  }

  /** `littleWords`: the register with the lower half comes first. */
  int32(table: 'input' | 'holding', address: number, read: () => number, littleWords = false): this {
    return this.#span(table, address, 2, (into) => {
      into.writeInt32BE(Math.round(read()))
      if (littleWords) into.swap32().swap16()
    })
  }

  uint64(table: 'input' | 'holding', address: number, read: () => number): this {
    return this.#span(table, address, 4, (into) => into.writeBigUInt64BE(BigInt(Math.round(read()))))
  }

  int64(table: 'input' | 'holding', address: number, read: () => number): this {
    return this.#span(table, address, 4, (into) => into.writeBigInt64BE(BigInt(Math.round(read()))))
  }

  /** Two characters a register, padded with NULs to `length`. */
  text(table: 'input' | 'holding', address: number, length: number, text: string): this {
    return this.#span(table, address, Math.ceil(length / 2), (into) => into.write(text.slice(0, length), 'latin1'))
  }

  /** Undefined where the unit has no such address. */
  read(table: Table, address: number): number | undefined {
    return this.#cells.get(`${table}:${address}`)?.read()
  }

  /** False where nothing can be written at this address. */
  write(table: 'coil' | 'holding', address: number, value: number): boolean {
    const write = this.#cells.get(`${table}:${address}`)?.write
    write?.(value)
    return write !== undefined
  }

  #span(table: Table, address: number, registers: number, encode: (into: Buffer) => void): this {
    for (let offset = 0; offset < registers; offset++) {
      const read = () => {
        const bytes = Buffer.alloc(2 * registers)
        encode(bytes)
        return bytes.readUInt16BE(2 * offset)
      }
      this.#place(table, address + offset, read, undefined)
    }
    return this
  }

  #place(table: Table, address: number, read: () => number, write: Write | undefined): this {
    const place = `${table}:${address}`
    if (this.#cells.has(place)) throw new RangeError(`${place} is taken already`)
    this.#cells.set(place, { read, write })
    return this
  }
}
