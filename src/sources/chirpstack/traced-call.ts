import { describeError } from '../../core/errors.ts'
import { noTracing, type Tracing, traced } from '../../core/tracing.ts'
import type { Endpoint } from './endpoint.ts'

/** A call as a span, named as OpenTelemetry names calls of gRPC; `name` is that of service and method. */
export function tracedCall<Response>(
  { tracing = noTracing, endpoint }: { readonly tracing?: Tracing | undefined; readonly endpoint: Endpoint },
  name: string,
  call: () => Promise<Response>,
): Promise<Response> {
  const span = tracing.begin('call', `ChirpStack ${name}`, { role: 'client' })
  span?.set({
    'rpc.system.name': 'grpc',
    'rpc.method': name.replace('.', '/'),
    'server.address': endpoint.server.host,
    'server.port': endpoint.server.port,
  })
  return traced(tracing, span, describeError, call)
}
