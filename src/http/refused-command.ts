import { StatusCode } from '../core/status-code.ts'

const statuses: ReadonlyMap<StatusCode, number> = new Map([
  [StatusCode.BadNodeIdUnknown, 404],
  [StatusCode.BadMethodInvalid, 404],
  [StatusCode.BadNotFound, 404],
  [StatusCode.BadInvalidState, 409],
  [StatusCode.BadTooManyOperations, 429],
  [StatusCode.BadResourceUnavailable, 503],
])

/** What HTTP says of a command that was refused with this StatusCode. */
export const httpStatusOfRefusal = (status: StatusCode): number => statuses.get(status) ?? 422
