import { PenstockError } from '../../core/errors.ts'
import { StatusCode } from '../../core/status-code.ts'

/** What a device's refusal means for the tags of the request. */
export type ExceptionMeaning =
  /** An address or quantity among those asked does not exist there: find the guilty one. */
  | { readonly kind: 'bad-address' }
  /** The device cannot do it now; what is known stays, the next cycle asks again. */
  | { readonly kind: 'busy' }
  /** A gateway answers for a unit that it cannot reach. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'status'; readonly status: StatusCode }

/** MODBUS Application Protocol V1.1b3 §7, the names as printed there. */
const names: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge',
  6: 'server device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
}

export const exceptionName = (code: number): string => names[code] ?? 'not a code of the specification'

/** The device answered with an exception. */
export class ModbusException extends PenstockError {
  readonly exceptionCode: number

  constructor(exceptionCode: number, unitId: number, endpoint: string) {
    super(
      'REQUEST_REFUSED',
      `Unit ${unitId} at ${endpoint} answered with exception ${exceptionCode}, ${exceptionName(exceptionCode)}`,
    )
    this.exceptionCode = exceptionCode
  }
}

/** What the exception code says about the tags of the request that it answers. */
export function meaningOf(exceptionCode: number): ExceptionMeaning {
  switch (exceptionCode) {
    case 1:
      return { kind: 'status', status: StatusCode.BadNotSupported }
    case 2:
    case 3:
      return { kind: 'bad-address' }
    case 5:
    case 6:
      return { kind: 'busy' }
    case 10:
    case 11:
      return { kind: 'unreachable' }
    default:
      return { kind: 'status', status: StatusCode.BadDeviceFailure }
  }
}
