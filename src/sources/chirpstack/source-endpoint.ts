import type { Milliseconds } from '../../core/clock.ts'
import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import { readTlsMaterial } from '../tls-material.ts'
import { type Endpoint, endpointOf, type Keepalive } from './endpoint.ts'

export interface SourceEndpointOptions {
  readonly config: Pick<ChirpStackSourceConfig, 'url' | 'proxy' | 'tls'>
  readonly secret: (name: string) => string | undefined
  readonly now: Milliseconds
  readonly keepalive?: Keepalive | undefined
}

/** Where a source connects, with its certificates and keys as their files are now. Throws CONFIG_INVALID, SECRET_MISSING. */
export async function sourceEndpoint({ config, secret, now, keepalive }: SourceEndpointOptions): Promise<Endpoint> {
  const { url, proxy } = config
  const tls = config.tls && (await readTlsMaterial(config.tls, secret, now))
  return endpointOf({ url, proxy, tls, keepalive })
}
