import type { ModbusDeviceConfig } from '../../core/plant.ts'

/**
 * The four data tables of a Modbus device (MODBUS Application Protocol V1.1b3 §4.3): single bits that can be written
 * (coils) or only read (discrete inputs), and 16-bit registers that can be written (holding) or only read (input).
 */
export const areas = ['coil', 'discrete', 'input', 'holding'] as const
export type Area = (typeof areas)[number]

export const isBitArea = (area: Area): boolean => area === 'coil' || area === 'discrete'

/** The last address of every table. */
export const LAST_ADDRESS = 65_535

export type RegisterHalf = 'high' | 'low'

/** A place in a table, as it is on the wire: counted from 0. */
export interface ModbusAddress {
  readonly area: Area
  readonly start: number
  /** Bit of a register, 0 the least significant. */
  readonly bit?: number
  /** Byte of a register: the more or the less significant one. */
  readonly half?: RegisterHalf
}

/** How a device's addresses are meant where the notation does not say. */
export interface Counting {
  /** What the first register of a table is called in `area:number`. */
  readonly addressBase: 0 | 1
  /** Which bit of a register `.0` is: the least or the most significant. */
  readonly bitOrder: 'lsb' | 'msb'
  /** What the numbers of %MD, %MX and %MB count; absent: these are refused. */
  readonly iecMemory?: 'words' | 'bytes' | undefined
}

/** As on the wire. */
export const wireCounting: Counting = { addressBase: 0, bitOrder: 'lsb' }

export const countingOf = ({ addressBase = 0, bitOrder = 'lsb', iecMemory }: ModbusDeviceConfig): Counting => ({
  addressBase,
  bitOrder,
  iecMemory,
})

/** Why a text is no address. `column` counts from 1. */
export interface AddressFault {
  readonly column: number
  readonly message: string
  readonly mend: string
}

export const isAddressFault = (parsed: object): parsed is AddressFault => 'column' in parsed

export const faultAt = (column: number, message: string, mend: string): AddressFault => ({ column, message, mend })

/** The address in its one canonical form, `holding:100.3`; `parseAddress` reads it back under the same counting. */
export function formatAddress({ area, start, bit, half }: ModbusAddress, counting: Counting = wireCounting): string {
  const place = `${area}:${start + counting.addressBase}`
  if (half) return `${place}.${half === 'high' ? 'h' : 'l'}`
  return bit === undefined ? place : `${place}.${bitNumber(bit, counting)}`
}

/** From the device's number of a bit to the one that counts from the least significant, or back. */
export const bitNumber = (bit: number, { bitOrder }: Pick<Counting, 'bitOrder'>): number =>
  bitOrder === 'msb' ? 15 - bit : bit
