import type { ReadingReport } from '../../core/diagnostics.ts'
import { PenstockError } from '../../core/errors.ts'
import { type OneOff, openOneOff } from '../../sources/one-off.ts'
import { reportOf } from '../../sources/one-reading.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { type GatewayAddress, gatewayAddress } from '../gateway/address.ts'
import { oneLine } from '../history.ts'
import { askGateway } from './ask-gateway.ts'
import { inWords } from './frames.ts'
import { deviceOf, type Target, type TargetFlags, tagAt, targetOf, usage } from './target.ts'
import { unreachable } from './unreachable.ts'

/** Longer than the gateway itself waits for the device. */
const GATEWAY_READS_WITHIN_MS = 65_000

export interface ReadOnceFlags extends TargetFlags {
  readonly device?: string | undefined
  readonly type?: string | undefined
  readonly encoding?: string | undefined
  readonly byteOrder?: string | undefined
  readonly wordOrder?: string | undefined
  readonly order?: string | undefined
  readonly length?: string | undefined
  /** The HTTP port of a gateway that runs. */
  readonly url?: string | undefined
  readonly frames?: boolean | undefined
  readonly json?: boolean | undefined
}

/** `penstock read-once`: one address of a device, once, over a connection of its own or that of a running gateway. */
export async function readOnce(
  key: string | undefined,
  address: string,
  flags: ReadOnceFlags,
  env: Environment,
  out: Output,
): Promise<number> {
  if (flags.url !== undefined) {
    if (key === undefined) throw new ClientFailure(ExitCode.usage, 'Name the source of the gateway and the address')
    return readThere(key, address, flags, gatewayAddress(flags, env), out)
  }
  const target = targetOf(key, flags, env)
  const device = deviceOf(target.source, flags.device)
  const { tag, problems } = tagAt(target.source, device, { ...flags, address })
  if (problems.length > 0) throw usage(problems)
  return withConnection(target, async (line) => {
    try {
      const reading = await line.read(device, tag)
      return print(reportOf(tag, reading), flags, out)
    } finally {
      if (flags.frames) for (const frame of line.diagnostics.frames.since(0).frames) out.notice(inWords(frame))
    }
  })
}

/** Does something over one connection; what keeps it from that is in words. */
export async function withConnection(target: Target, use: (line: OneOff) => Promise<number>): Promise<number> {
  let line: OneOff | undefined
  try {
    line = await openOneOff(target, new AbortController().signal)
    return await use(line)
  } catch (error) {
    throw error instanceof PenstockError ? unreachable(error, target.dataFolder) : error
  } finally {
    await line?.close()
  }
}

/** The same for a gateway that runs: over its connection, between two polls. */
async function readThere(
  key: string,
  address: string,
  flags: ReadOnceFlags,
  gateway: GatewayAddress,
  out: Output,
): Promise<number> {
  const foreign = (['modbus', 's7', 'timeout', 'frames'] as const).find((name) => flags[name] !== undefined)
  if (foreign !== undefined) {
    throw new ClientFailure(ExitCode.usage, `--${foreign} and --url exclude each other: the gateway asks as configured`)
  }
  const { device, type, encoding, byteOrder, wordOrder, order, length } = flags
  const given = Object.entries({ device, address, type, encoding, byteOrder, wordOrder, order, length })
  const query = new URLSearchParams(
    given.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as [string, string]])),
  )
  const path = `/diagnostics/${encodeURIComponent(key)}/read?${query}`
  return print(await askGateway<ReadingReport>(gateway, path, GATEWAY_READS_WITHIN_MS), flags, out)
}

function print(report: ReadingReport, { json }: ReadOnceFlags, out: Output): number {
  out.line(json ? JSON.stringify(report) : sentence(report))
  return report.status === null || report.status.startsWith('Bad') ? ExitCode.refused : ExitCode.ok
}

/** One reading for people. */
export function sentence({ address, type, value, status, ms }: ReadingReport): string {
  const head = `${address} as ${type}`
  const time = `in ${ms.toFixed(1)} ms`
  if (status === null) return `${head}: the device is busy and gives no value, ${time}`
  return value === null ? `${head}: ${status}, ${time}` : `${head} = ${oneLine(value)}, ${time}`
}
