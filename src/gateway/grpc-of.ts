import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { GrpcServer } from '../grpc/server.ts'
import type { GrpcService } from '../grpc/service.ts'
import { grpcCertificate } from './grpc-certificate.ts'

/**
 * The gRPC server that the configuration wants, listening; undefined: none. Rejects with CONFIG_INVALID where its
 * certificate or key cannot be used, and with CONNECTION_LOST where its address cannot be bound.
 */
export async function startGrpc({ grpc }: Config, service: GrpcService, log: Logger): Promise<GrpcServer | undefined> {
  const { port, bind } = grpc
  if (port === undefined) return undefined
  const settings = { bind, port, tls: grpc.tls && (await grpcCertificate(grpc.tls)) }
  const server = new GrpcServer({ settings, service, clock: systemClock, log })
  const grpcPort = await server.start()
  log.info({ bind, port: grpcPort, encrypted: settings.tls !== undefined }, 'gRPC is served')
  return server
}
