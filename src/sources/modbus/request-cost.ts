/** What reading costs on a transport, in any unit of time: the same for each request, and for each 16 bits of data. */
export interface RequestCost {
  readonly request: number
  readonly register: number
}

/** A round trip through a network costs as much as the bytes of some dozen registers and their decoding. */
export const networkCost: RequestCost = { request: 64, register: 1 }

/** Unit, function, address, count and CRC of a request, and unit, function, byte count, CRC of its answer: RTU. */
const FRAMES_CHARACTERS = 13
/** Silence before each of the two frames, in characters (MODBUS over Serial Line V1.02 §2.5.1.1). */
const SILENCE_CHARACTERS = 3.5
/** The same above 19,200 baud, whatever the baud rate. */
const LEAST_SILENCE_MS = 1.75
/** What a device takes to begin its answer, where nothing is known of it. */
const TURNAROUND_MS = 5

/** In milliseconds, on a line of RTU frames where a character takes `bitsACharacter` with its start, parity and stop bits. */
export function serialCost(baudRate: number, bitsACharacter: number): RequestCost {
  const character = (1_000 * bitsACharacter) / baudRate
  const silence = baudRate > 19_200 ? LEAST_SILENCE_MS : SILENCE_CHARACTERS * character
  return { request: FRAMES_CHARACTERS * character + 2 * silence + TURNAROUND_MS, register: 2 * character }
}

/** The widest hole that is read along because that costs no more than another request. */
export function widestGap({ request, register }: RequestCost): { readonly registers: number; readonly bits: number } {
  return { registers: Math.floor(request / register), bits: Math.floor((16 * request) / register) }
}
