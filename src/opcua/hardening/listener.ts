import { Server } from 'node:net'
import type { OPCUAServerEndPoint } from 'node-opcua'
import { HardeningError } from './patch-method.ts'

/** The TCP server inside an endpoint, for the fixes that act on sockets. */
export function listenerOf(endpoint: OPCUAServerEndPoint, fix: string): Server {
  const { _server: server } = endpoint as unknown as { _server: unknown }
  if (!(server instanceof Server)) throw new HardeningError(fix, 'OPCUAServerEndPoint._server')
  return server
}
