import { StatusCode } from '../../core/status-code.ts'
import type { WriteAnswer, WritePermit } from '../field-write.ts'
import type { Area } from './address.ts'
import type { ModbusException } from './exception.ts'
import type { ModbusWrite } from './write-plan.ts'
import { maskRegister, writeCoil, writeCoils, writeRegister, writeRegisters } from './write-requests.ts'

/** A connection as far as writing needs it. */
export interface TableWriter {
  read(unitId: number, area: Area, start: number, count: number): Promise<Buffer>
  /**
   * Sends the request once and resolves when the unit has answered that it is done; rejects as `read`, and with
   * STOPPED where the permit is not given.
   */
  write(adu: Buffer, permit: WritePermit): Promise<void>
}

/**
 * Writes over a connection that nobody else uses meanwhile: by the function for one coil or register, or for several,
 * or for bits of a register. Bits without function 22 are written with the registers around them, which are read first.
 */
export async function perform(connection: TableWriter, write: ModbusWrite, permit: WritePermit): Promise<void> {
  const { unitId, start, content, multiple, masked } = write
  if ('coils' in content) {
    const [first = false, ...others] = content.coils
    const single = others.length === 0 && !multiple
    await connection.write(single ? writeCoil(unitId, start, first) : writeCoils(unitId, start, content.coils), permit)
    return
  }
  const { bytes, mask } = content
  if (mask && masked && bytes.length === 2) {
    await connection.write(maskRegister(unitId, start, mask.readUInt16BE(), bytes.readUInt16BE()), permit)
    return
  }
  const whole = mask ? merged(await connection.read(unitId, 'holding', start, bytes.length / 2), bytes, mask) : bytes
  const single = whole.length === 2 && !multiple
  const adu = single ? writeRegister(unitId, start, whole.readUInt16BE()) : writeRegisters(unitId, start, whole)
  await connection.write(adu, permit)
}

/** The bits of `mask` out of `value`, the others as they are. */
const merged = (current: Buffer, value: Buffer, mask: Buffer): Buffer =>
  Buffer.from(current.map((byte, at) => (byte & ~mask[at]!) | (value[at]! & mask[at]!)))

/** What an exception says of a write (MODBUS Application Protocol V1.1b3 §7). */
export function meaningOfRefusal({ exceptionCode, message, code }: ModbusException): WriteAnswer {
  const reason = (what: string) => `${message.replace(` (${code})`, '')}: ${what}`
  switch (exceptionCode) {
    case 1:
      return {
        kind: 'refused',
        status: StatusCode.BadNotSupported,
        reason: reason(
          'it does not know this function; try "functions: multiple" or "bits: readModifyWrite" of the tag',
        ),
      }
    case 2:
      return {
        kind: 'refused',
        status: StatusCode.BadConfigurationError,
        reason: reason('it has no such address that can be written'),
      }
    case 3:
      return { kind: 'refused', status: StatusCode.BadOutOfRange, reason: reason('it does not take this value') }
    case 5:
      return { kind: 'open', reason: reason('it is still at work on it') }
    case 6:
      return {
        kind: 'refused',
        status: StatusCode.BadResourceUnavailable,
        reason: reason('it has no time for it now; write it again later'),
      }
    case 10:
      return {
        kind: 'refused',
        status: StatusCode.BadNoCommunication,
        reason: reason('the gateway did not pass it on'),
      }
    case 11:
      return { kind: 'open', reason: reason('the gateway passed it on, and the device did not answer it') }
    default:
      return {
        kind: 'failed',
        status: StatusCode.BadDeviceFailure,
        reason: reason('what it has done of it is not known'),
      }
  }
}
