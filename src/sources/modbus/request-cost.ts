import type { ModbusSerialSourceConfig, SerialLineConfig } from '../../core/plant.ts'

/** What reading costs on a transport, in any unit of time: the same for each request, and for each 16 bits of data. */
export interface RequestCost {
  readonly request: number
  readonly register: number
}

/** A round trip through a network costs as much as the bytes of some dozen registers and their decoding. */
export const networkCost: RequestCost = { request: 64, register: 1 }

/** Unit, function, address, count and CRC of a request, and unit, function, byte count, CRC of its answer: RTU. */
const FRAMES_BYTES = 13
/** Silence before each of the two frames, in characters (MODBUS over Serial Line V1.02 §2.5.1.1). */
const SILENCE_CHARACTERS = 3.5
/** The same above 19,200 baud, whatever the baud rate. */
const LEAST_SILENCE_MS = 1.75
/** What a device takes to begin its answer, where nothing is known of it. */
const TURNAROUND_MS = 5

/** In milliseconds, on a serial line; ASCII says each byte in two characters. */
export function serialCost(
  transport: ModbusSerialSourceConfig['transport'],
  { baudRate, dataBits, parity, stopBits }: SerialLineConfig,
): RequestCost {
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits
  const character = (1_000 * bits) / baudRate
  const byte = transport === 'ascii' ? 2 * character : character
  const silence = baudRate > 19_200 ? LEAST_SILENCE_MS : SILENCE_CHARACTERS * character
  return { request: FRAMES_BYTES * byte + 2 * silence + TURNAROUND_MS, register: 2 * byte }
}

/** The widest hole that is read along because that costs no more than another request. */
export function widestGap({ request, register }: RequestCost): { readonly registers: number; readonly bits: number } {
  return { registers: Math.floor(request / register), bits: Math.floor((16 * request) / register) }
}
