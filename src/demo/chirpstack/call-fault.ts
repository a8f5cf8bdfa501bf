import type { ServerErrorResponse, status } from '@grpc/grpc-js'

/** How a call ends instead of with an answer: a gRPC status, as ChirpStack's `api/error.rs` and `api/auth` give it. */
export class CallFault extends Error {
  readonly code: status
  readonly details: string

  constructor(code: status, details: string) {
    super(details)
    this.name = 'CallFault'
    this.code = code
    this.details = details
  }

  toResponse(): Partial<ServerErrorResponse> {
    return { code: this.code, details: this.details }
  }
}
