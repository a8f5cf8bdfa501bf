import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { describeError, isRetryable, PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** Where a program finds the code of an error: a name that does not change with the wording. */
export const CODE_KEY = 'penstock-code'
/** A message travels in a header. */
const LONGEST = 1_000

/** What a call ends with in place of an answer. */
export type ToldStatus = Pick<StatusObject, 'code' | 'details' | 'metadata'>

/** Why a call is not answered. */
export class CallError extends Error {
  /** Canonical status code of gRPC. */
  readonly status: status
  /** For programs: a name as the HTTP API has it, or that of an OPC UA StatusCode. */
  readonly code: string

  constructor(of: status, code: string, message: string) {
    super(message)
    this.name = 'CallError'
    this.status = of
    this.code = code
  }
}

/** A field of a request has a value that is not allowed; `allowed` ends the sentence "Allowed is …". */
export const invalid = (field: string, value: string, allowed: string): CallError =>
  new CallError(status.INVALID_ARGUMENT, 'REQUEST_INVALID', `${field} is ${value}. Allowed is ${allowed}.`)

export const notFound = (message: string): CallError => new CallError(status.NOT_FOUND, 'NOT_FOUND', message)

/** The whole number of a field, which is between `low` and `high`; `preset` where it is 0. Throws CallError. */
export function numberIn(field: string, value: number, high: number, preset: number): number {
  if (value === 0) return preset
  if (value > 0 && value <= high) return value
  throw invalid(field, String(value), `a whole number from 1 to ${high}, or 0 for ${preset}`)
}

/** As a client is told; what nobody expected is logged, and said without its details. */
export function statusOf(error: unknown, log: Logger): ToldStatus {
  if (error instanceof CallError) return told(error.status, error.code, error.message)
  if (error instanceof PenstockError && error.code === 'HISTORY_UNAVAILABLE') {
    return told(status.UNAVAILABLE, error.code, 'The history cannot be read just now; ask again in some seconds.')
  }
  if (error instanceof PenstockError && isRetryable(error)) {
    const message = 'The engine, which collects the values, does not answer just now; ask again in some seconds.'
    return told(status.UNAVAILABLE, 'ENGINE_UNAVAILABLE', message)
  }
  log.error({ cause: describeError(error) }, 'a gRPC call failed')
  return told(status.INTERNAL, 'INTERNAL', 'Something failed in the gateway; its log says what.')
}

function told(code: status, name: string, message: string): ToldStatus {
  const metadata = new Metadata()
  metadata.set(CODE_KEY, name)
  // Half a surrogate pair, which a client can send, is not to be encoded for the header, and would throw in the server.
  return { code, details: message.slice(0, LONGEST).toWellFormed(), metadata }
}
