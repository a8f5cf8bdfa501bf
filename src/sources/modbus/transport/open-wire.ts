import type { ModbusSourceConfig } from '../../../core/plant.ts'
import type { SourceContext } from '../../source.ts'
import { readTlsMaterial } from '../../tls-material.ts'
import { NameAddresses } from './name-addresses.ts'
import { connectTcp } from './tcp.ts'
import type { Wire } from './wire.ts'

export interface WireContext extends Pick<SourceContext, 'clock' | 'secret'> {
  /** Of whoever opens one wire after the other. */
  readonly addresses?: NameAddresses
}

/**
 * Connects to what the configuration names; what a transport needs is loaded only with it. Rejects with
 * CONNECTION_LOST, TIMEOUT, ACCESS_DENIED, STOPPED when `signal` aborts, and for TLS with CONFIG_INVALID or
 * SECRET_MISSING.
 */
export async function openWire(
  config: ModbusSourceConfig,
  { clock, secret, addresses }: WireContext,
  signal: AbortSignal,
): Promise<Wire> {
  const shared = { timeoutMs: config.connectTimeoutMs, clock, signal }
  switch (config.transport) {
    case 'tcp':
    case 'rtu-over-tcp':
    case 'ascii-over-tcp':
      return connectTcp({ ...shared, host: config.host, port: config.port })
    case 'tls': {
      const tls = config.tls && (await readTlsMaterial(config.tls, secret, clock.now()))
      const { connectTls } = await import('./tls.ts')
      return connectTls({ ...shared, host: config.host, port: config.port, tls })
    }
    case 'udp': {
      const { openUdp } = await import('./udp.ts')
      return openUdp({ ...shared, host: config.host, port: config.port, addresses: addresses ?? new NameAddresses() })
    }
    case 'rtu':
    case 'ascii': {
      const { openSerial } = await import('./serial.ts')
      return openSerial({ ...shared, serial: config.serial })
    }
  }
}
