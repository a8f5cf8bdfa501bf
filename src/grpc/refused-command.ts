import { status } from '@grpc/grpc-js'
import type { Refusal } from '../core/command.ts'
import { StatusCode, statusName } from '../core/status-code.ts'
import { CallError } from './call-error.ts'

const statuses: ReadonlyMap<StatusCode, status> = new Map([
  [StatusCode.BadNodeIdUnknown, status.NOT_FOUND],
  [StatusCode.BadMethodInvalid, status.NOT_FOUND],
  [StatusCode.BadNotFound, status.NOT_FOUND],
  [StatusCode.BadTypeMismatch, status.INVALID_ARGUMENT],
  [StatusCode.BadOutOfRange, status.INVALID_ARGUMENT],
  [StatusCode.BadInvalidArgument, status.INVALID_ARGUMENT],
  [StatusCode.BadArgumentsMissing, status.INVALID_ARGUMENT],
  [StatusCode.BadTooManyArguments, status.INVALID_ARGUMENT],
  [StatusCode.BadUserAccessDenied, status.PERMISSION_DENIED],
  [StatusCode.BadTooManyOperations, status.RESOURCE_EXHAUSTED],
  [StatusCode.BadResourceUnavailable, status.RESOURCE_EXHAUSTED],
])

/** What gRPC says of a command that was refused; what the plant does not allow just now is FAILED_PRECONDITION. */
export const refusedCommand = (refusal: Refusal): CallError =>
  new CallError(statuses.get(refusal.status) ?? status.FAILED_PRECONDITION, statusName(refusal.status), refusal.reason)
