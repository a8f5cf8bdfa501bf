import { DEVICE_IDENTIFICATION, faultOfIdentification } from './identification/device-identification.ts'
import { faultOfServerId, SERVER_ID } from './identification/server-id.ts'

/** A request, and so what a valid answer to it looks like. */
export interface ModbusRequest {
  readonly unitId: number
  /**
   * Reads: 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers. Writes: 5 a coil, 6 a register, 15 coils,
   * 16 registers, 22 bits of a register. What the device is: 17 and 43.
   */
  readonly functionCode: number
  /** Bytes of data that answer a read; 0 for a write; the most of them where the device chooses. */
  readonly dataBytes: number
  /** Where the device chooses how long its answer is: what keeps an ADU of its function from being one. */
  readonly faultOf?: (adu: Buffer) => string | undefined
  /** Of a write: the only ADU that says that it is done (MODBUS Application Protocol V1.1b3 §6.5 to §6.16). */
  readonly echo?: Buffer
}

export const EXCEPTION_BIT = 0x80

/** Unit, function, and the address and number of coils or registers. */
const WRITTEN_BYTES = 6

/** Of an ADU with its unit, function and number of bytes. */
const MOST_DATA_BYTES = 251

/** Reads the request out of its ADU (unit, function, data); undefined for a function that is not used here. */
export function requestOf(adu: Buffer): ModbusRequest | undefined {
  const [unitId, functionCode] = [adu.readUInt8(0), adu.readUInt8(1)]
  switch (functionCode) {
    case 1:
    case 2:
      return { unitId, functionCode, dataBytes: Math.ceil(adu.readUInt16BE(4) / 8) }
    case 3:
    case 4:
      return { unitId, functionCode, dataBytes: adu.readUInt16BE(4) * 2 }
    case 5:
    case 6:
    case 22:
      return { unitId, functionCode, dataBytes: 0, echo: Buffer.from(adu) }
    case 15:
    case 16:
      return { unitId, functionCode, dataBytes: 0, echo: Buffer.from(adu.subarray(0, WRITTEN_BYTES)) }
    case SERVER_ID:
      return { unitId, functionCode, dataBytes: MOST_DATA_BYTES, faultOf: faultOfServerId }
    case DEVICE_IDENTIFICATION: {
      const asked = Buffer.from(adu)
      return { unitId, functionCode, dataBytes: MOST_DATA_BYTES, faultOf: (each) => faultOfIdentification(asked, each) }
    }
    default:
      return undefined
  }
}

/** Bytes of the ADU that answers it. */
export const answerBytes = ({ echo, dataBytes }: Pick<ModbusRequest, 'echo' | 'dataBytes'>): number =>
  echo?.length ?? 3 + dataBytes

/** Whether its answer is the same as itself, so that a line that brings back what is sent looks like the device. */
export const isEchoed = ({ functionCode }: Pick<ModbusRequest, 'functionCode'>): boolean =>
  functionCode === 5 || functionCode === 6 || functionCode === 22

/** What keeps `adu` from being the answer to `request`, in words; undefined for an answer or an exception. */
export function faultOfAnswer(request: ModbusRequest, adu: Buffer): string | undefined {
  // Taken apart as an array, a buffer is gone through by an iterator, which each answer would pay for.
  const unitId = adu[0]
  const functionCode = adu[1]
  const third = adu[2]
  if (unitId !== request.unitId) return `the answer names unit ${unitId}`
  if (functionCode === (request.functionCode | EXCEPTION_BIT)) {
    return adu.length === 3 && third !== 0 ? undefined : 'the exception is malformed'
  }
  if (functionCode !== request.functionCode) return `the answer has function code ${functionCode}`
  if (request.faultOf) return request.faultOf(adu)
  if (request.echo) return request.echo.equals(adu) ? undefined : 'the answer repeats another write'
  if (third !== request.dataBytes || adu.length !== 3 + request.dataBytes) {
    return `the answer has ${adu.length - 3} bytes of data instead of ${request.dataBytes}`
  }
  return undefined
}
