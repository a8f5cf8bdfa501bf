import { systemClock } from '../../core/clock.ts'
import { type IdentityReport, plateWords } from '../../core/device-identity.ts'
import { PenstockError } from '../../core/errors.ts'
import type { OneOff } from '../../sources/one-off.ts'
import type { FieldDevice } from '../../sources/wanted-tag.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { type GatewayAddress, gatewayAddress } from '../gateway/address.ts'
import { askGateway } from './ask-gateway.ts'
import { withConnection } from './read-once.ts'
import { deviceOf, type TargetFlags, targetOf } from './target.ts'

/** A device may take a few requests, and each of them the longest timeout there is. */
const GATEWAY_ASKS_WITHIN_MS = 65_000

export interface IdentifyFlags extends TargetFlags {
  /** The HTTP port of a gateway that runs. */
  readonly url?: string | undefined
  readonly json?: boolean | undefined
}

/**
 * `penstock identify`: what devices say of themselves, over a connection of its own or that of a running gateway. `place` is
 * the key of a source, whose devices are asked one after the other, or `source/device`. Throws ClientFailure.
 */
export async function identify(
  place: string | undefined,
  flags: IdentifyFlags,
  env: Environment,
  out: Output,
): Promise<number> {
  const [key, deviceKey] = place?.split('/', 2) ?? []
  if (flags.url !== undefined) {
    print(await askThere(key, deviceKey, flags, gatewayAddress(flags, env)), flags, out)
    return ExitCode.ok
  }
  const target = targetOf(key, flags, env)
  const { devices } = target.source
  const wanted: readonly FieldDevice[] = deviceKey === undefined ? devices : [deviceOf(target.source, deviceKey)]
  return withConnection(target, async (line) => {
    let failed = 0
    for (const device of wanted) {
      const found = await identified(line, device)
      if ('ms' in found) {
        print(found, flags, out)
        continue
      }
      failed++
      out.notice(`${device.key}: ${found.message}`)
    }
    return failed === 0 ? ExitCode.ok : ExitCode.refused
  })
}

/** What the device says, or why it does not; rejects only when the connection is gone. */
export async function identified(line: OneOff, device: FieldDevice): Promise<IdentityReport | PenstockError> {
  const from = systemClock.monotonic()
  try {
    const identity = await line.identify(device)
    return { device: device.key, ...identity, ms: Number((systemClock.monotonic() - from).toFixed(1)) }
  } catch (error) {
    if (!(error instanceof PenstockError) || error.code === 'CONNECTION_LOST') throw error
    return error
  }
}

async function askThere(
  key: string | undefined,
  device: string | undefined,
  flags: IdentifyFlags,
  gateway: GatewayAddress,
): Promise<IdentityReport> {
  const foreign = (['modbus', 's7', 'timeout'] as const).find((name) => flags[name] !== undefined)
  if (foreign !== undefined) {
    throw new ClientFailure(ExitCode.usage, `--${foreign} and --url exclude each other: the gateway asks as configured`)
  }
  if (key === undefined) throw new ClientFailure(ExitCode.usage, 'Name the source of the gateway, or source/device')
  const query = device === undefined ? '' : `?device=${encodeURIComponent(device)}`
  return askGateway<IdentityReport>(
    gateway,
    `/diagnostics/${encodeURIComponent(key)}/identify${query}`,
    GATEWAY_ASKS_WITHIN_MS,
  )
}

function print(report: IdentityReport, { json }: IdentifyFlags, out: Output): void {
  if (json) {
    out.line(JSON.stringify(report))
    return
  }
  out.line(`${report.device}: ${plateWords(report)}`)
  out.line(`  (${report.by}, in ${report.ms.toFixed(1)} ms)`)
  for (const row of table(report.facts.map(({ name, value }) => [name, value]))) out.line(`  ${row}`)
}
