import { StatusCode } from '../../core/status-code.ts'
import { payloadOf } from './pdu-budget.ts'

/** Why the CPU did not give what a request, or one item of it, asked for. */
export interface Refusal {
  /** As in the reply: the item's return code, or error class and code of the whole request. */
  readonly code: string
  readonly status: StatusCode
  /** In words for the operator, with what to do. */
  readonly reason: string
  /** The same of an address outside of data blocks, where it is another. */
  readonly elsewhere?: string
  /** The address is at fault: of several tags in one item, not all need be. */
  readonly ofAddress: boolean
}

/** Return code of an item that was read. */
const ITEM_READ = 0xff

const ACCESS_HINT =
  'allow PUT/GET access in the CPU\'s properties (Protection & Security, S7-1200/1500), switch off "Optimized block ' +
  'access" of the data block, and check its protection'

/** What CPUs return for an item that they do not read. */
const itemRefusals: Readonly<Record<number, Omit<Refusal, 'code'>>> = {
  1: { status: StatusCode.BadDeviceFailure, reason: 'the CPU reports a hardware fault', ofAddress: false },
  3: {
    status: StatusCode.BadUserAccessDenied,
    reason: `the CPU denies access: ${ACCESS_HINT}`,
    ofAddress: false,
  },
  5: {
    status: StatusCode.BadConfigurationError,
    reason: 'the address is behind the end of the data block: compare it with the PLC program',
    elsewhere: 'the address is behind the end of what this CPU has of the area: compare it with the PLC program',
    ofAddress: true,
  },
  6: {
    status: StatusCode.BadConfigurationError,
    reason: 'the CPU does not support this data type: timers, counters and peripheral inputs exist in S7-300/400 only',
    ofAddress: false,
  },
  7: {
    status: StatusCode.BadConfigurationError,
    reason: 'the CPU finds data type and length inconsistent',
    ofAddress: false,
  },
  10: {
    status: StatusCode.BadConfigurationError,
    reason:
      'the CPU has no such data block: check its number, that the program is downloaded, and that "Optimized block ' +
      'access" is off',
    elsewhere:
      'the CPU has nothing at this address: compare it with the hardware configuration (timers, counters and peripheral ' +
      'inputs: S7-300 and S7-400 only)',
    ofAddress: true,
  },
}

/** What the return code of an item means; undefined for an item that was read. */
export function itemRefusal(code: number): Refusal | undefined {
  if (code === ITEM_READ) return undefined
  const known = itemRefusals[code] ?? {
    status: StatusCode.BadDeviceFailure,
    reason: 'the CPU gives a return code that is not known',
    ofAddress: false,
  }
  return { code: `return code 0x${hex(code)}`, ...known }
}

/** Error classes that speak of rights: 0x81 is what a CPU answers whose PUT/GET access is off. */
const ACCESS_CLASSES: readonly number[] = [0x81, 0x87, 0xd2, 0xd6]

/** What the error of a whole request means; undefined for none. */
export function requestRefusal(errorClass: number, errorCode: number): Refusal | undefined {
  if (errorClass === 0 && errorCode === 0) return undefined
  const code = `error 0x${hex(errorClass)}${hex(errorCode)}`
  if (ACCESS_CLASSES.includes(errorClass)) {
    const reason = `the CPU refuses access: ${ACCESS_HINT}`
    return { code, status: StatusCode.BadUserAccessDenied, reason, ofAddress: false }
  }
  const reason = 'the CPU could not process the request'
  return { code, status: StatusCode.BadDeviceFailure, reason, ofAddress: false }
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

/** An array that would take several replies is not read: between them the program may have changed it. */
export const arrayTooLong = (bytes: number, pdu: number): Refusal => ({
  code: `PDU of ${pdu} bytes`,
  status: StatusCode.BadConfigurationError,
  reason:
    `the array is ${bytes} bytes long, and this CPU answers at most ${payloadOf(pdu)} at once: make it shorter, or ` +
    'several tags, whose values then need not belong together',
  ofAddress: true,
})
