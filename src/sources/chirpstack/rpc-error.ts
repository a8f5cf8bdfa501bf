import { type StatusObject, status } from '@grpc/grpc-js'
import { type ErrorCode, PenstockError } from '../../core/errors.ts'

type Ended = Pick<StatusObject, 'code' | 'details'>

/**
 * What a call's gRPC status means for the gateway (ChirpStack `api/error.rs`, and what proxies before it make of
 * HTTP codes). `what` names the call and the server.
 *
 * UNAUTHENTICATED with an empty text is ChirpStack's answer to a deleted key, a key of another tenant, and a device
 * that does not exist alike: on its own it does not prove that the key is refused.
 */
export function rpcError(what: string, { code, details }: Ended): PenstockError {
  const said = details === '' ? '' : `: ${details}`
  return new PenstockError(errorCodeOf(code), `${what} ${outcomeOf(code)}${said}`)
}

function errorCodeOf(code: status): ErrorCode {
  switch (code) {
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return 'ACCESS_DENIED'
    case status.INVALID_ARGUMENT:
    case status.NOT_FOUND:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
      return 'REQUEST_REFUSED'
    case status.DEADLINE_EXCEEDED:
      return 'TIMEOUT'
    case status.OK:
    case status.CANCELLED:
    case status.UNAVAILABLE:
    case status.RESOURCE_EXHAUSTED:
    case status.ABORTED:
      return 'CONNECTION_LOST'
    default:
      // INTERNAL is how ChirpStack says that its database or Redis is down; it answers again once they are back.
      return 'PROTOCOL_VIOLATION'
  }
}

function outcomeOf(code: status): string {
  switch (code) {
    case status.OK:
      return 'was ended by the server'
    case status.CANCELLED:
    case status.UNAVAILABLE:
      return 'has no connection'
    case status.DEADLINE_EXCEEDED:
      return 'was not answered in time'
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return 'was refused'
    case status.UNIMPLEMENTED:
      return 'is unknown to the server, so it is no ChirpStack v4 or a proxy before it does not pass gRPC on'
    case status.INTERNAL:
      return 'failed inside ChirpStack, as it does while its database or Redis is down'
    default:
      return `ended with ${status[code] ?? `status ${String(code)}`}`
  }
}
