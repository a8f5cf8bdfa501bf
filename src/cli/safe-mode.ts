import type { GatewayHealth } from '../http/gateway-health.ts'
import { ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import type { LocalGateway } from './config/local-gateway.ts'

export interface SafeModeFlags {
  readonly leave?: boolean | undefined
  readonly json?: boolean | undefined
}

/** `penstock safe-mode`: whether the gateway runs without its sources, and why; or lets them begin. */
export async function safeMode(gateway: LocalGateway, { leave, json }: SafeModeFlags, out: Output): Promise<number> {
  const left = leave === true && (await gateway.ask<{ left: boolean }>('DELETE', '/safe-mode')).left
  const { safeMode: state } = await gateway.ask<Pick<GatewayHealth, 'safeMode'>>('GET', '/')
  if (json) out.line(JSON.stringify({ safeMode: state, left }))
  else if (state) out.line(`${state.reason} Since ${new Date(state.since).toISOString()}.`)
  else out.line(left ? 'The gateway left safe mode: its sources begin.' : 'The gateway is not in safe mode.')
  return ExitCode.ok
}
