import type { CallOptions, ClientUnaryCall, Metadata, requestCallback } from '@grpc/grpc-js'

/** A unary method of a generated client, bound to it. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: CallOptions,
  callback: requestCallback<Response>,
) => ClientUnaryCall

/** Makes one call; `name` is that of service and method. Rejects with a PenstockError. */
export type UnaryCall = <Request, Response>(
  name: string,
  method: UnaryMethod<Request, Response>,
  request: Request,
) => Promise<Response>
