/**
 * The ADUs (unit, function, data) of requests that write: MODBUS Application Protocol V1.1b3 §6.5, §6.6, §6.11, §6.12 and
 * §6.16. They are written here and not by modbus-serial, which knows no answer to them that it would not take.
 */

/** The most that one request writes. */
export const MOST_WRITTEN = { registers: 123, coils: 1_968 } as const

/** Function 5: one coil. */
export const writeCoil = (unitId: number, address: number, on: boolean): Buffer =>
  Buffer.from([unitId, 5, ...word(address), ...word(on ? 0xff00 : 0)])

/** Function 6: one register. */
export const writeRegister = (unitId: number, address: number, value: number): Buffer =>
  Buffer.from([unitId, 6, ...word(address), ...word(value)])

/** Function 15: coils one after another. */
export function writeCoils(unitId: number, address: number, bits: readonly boolean[]): Buffer {
  const packed = Buffer.alloc(Math.ceil(bits.length / 8))
  bits.forEach((bit, at) => {
    if (bit) packed[at >> 3]! |= 1 << (at & 7)
  })
  return Buffer.from([unitId, 15, ...word(address), ...word(bits.length), packed.length, ...packed])
}

/** Function 16: registers one after another, two bytes each. */
export const writeRegisters = (unitId: number, address: number, bytes: Buffer): Buffer =>
  Buffer.from([unitId, 16, ...word(address), ...word(bytes.length / 2), bytes.length, ...bytes])

/** Function 22: of one register the bits of `mask` become those of `value`, by the device itself. */
export const maskRegister = (unitId: number, address: number, mask: number, value: number): Buffer =>
  Buffer.from([unitId, 22, ...word(address), ...word(~mask & 0xffff), ...word(value & mask)])

const word = (value: number): [number, number] => [value >> 8, value & 0xff]
