import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { GrpcSettings } from '../grpc/server.ts'
import { readTlsMaterial } from '../sources/tls-material.ts'

/** Certificate and key of the gRPC server. Rejects with CONFIG_INVALID, saying which setting is wrong and why. */
export async function grpcCertificate(tls: NonNullable<Config['grpc']['tls']>): Promise<GrpcSettings['tls']> {
  try {
    return (await readTlsMaterial(tls, () => undefined, systemClock.now())).client
  } catch (cause) {
    throw new PenstockError('CONFIG_INVALID', 'The gRPC server (grpc.tls) cannot prove itself', { cause })
  }
}
