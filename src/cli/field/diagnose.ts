import type { Milliseconds } from '../../core/clock.ts'
import type { DeviceDiagnostics, RequestFigures, SourceDiagnostics } from '../../core/diagnostics.ts'
import { ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import type { GatewayAddress } from '../gateway/address.ts'
import { askGateway } from './ask-gateway.ts'

export interface DiagnoseOptions {
  readonly gateway: GatewayAddress
  readonly json: boolean
}

/** `penstock diagnose`: how a running gateway's sources and devices are, and how their requests fare. */
export async function diagnose(
  source: string | undefined,
  { gateway, json }: DiagnoseOptions,
  out: Output,
): Promise<number> {
  const sources =
    source === undefined
      ? (await askGateway<{ sources: SourceDiagnostics[] }>(gateway, '/diagnostics')).sources
      : [await askGateway<SourceDiagnostics>(gateway, `/diagnostics/${encodeURIComponent(source)}`)]
  if (json) out.line(JSON.stringify(source === undefined ? sources : sources[0], null, 2))
  else for (const line of sources.flatMap((each, at) => [...(at > 0 ? [''] : []), ...describe(each)])) out.line(line)
  return ExitCode.ok
}

/** A source in lines for people. */
export function describe(source: SourceDiagnostics): string[] {
  const { key, state, since, reason, countedSince, line, devices, counters } = source
  const head = [`${key}: ${state} since ${new Date(since).toISOString()}`]
  if (reason !== '') head.push(`  ${reason}`)
  if (!line || countedSince === undefined) return [...head, ...rows(devices.map(eventRow))]
  const underWay = `${percent(line.underWay)} of the last minute under way`
  head.push(`  requests since ${new Date(countedSince).toISOString()}; ${underWay}; ${told(counters)}`)
  if (source.polling) head.push(`  ${inTime(source.polling)}`)
  return [
    ...head,
    '',
    ...rows([heading, ...devices.map(deviceRow), ['(all)', '', '', ...figures(line)]]),
    ...refusals(devices),
  ]
}

const heading = [
  'device',
  'state',
  'blocks',
  'requests',
  'p50 ms',
  'p99 ms',
  'failed',
  'refused',
  'used',
  'last answer',
]

function deviceRow(device: Partial<DeviceDiagnostics> & { key: string; state: string }): string[] {
  const { key, state, breaker } = device
  const doubt =
    breaker === undefined || breaker.state === 'closed' ? '' : ` (breaker ${breaker.state}, ${breaker.failures} missed)`
  return [key, `${state}${doubt}`, blocks(device), ...figures(device)]
}

const eventRow = ({ key, state, reason }: { key: string; state: string; reason: string }): string[] => [
  key,
  state,
  reason,
]

function blocks({ blocks: all, muteBlocks = 0, refusedBlocks = 0 }: Partial<DeviceDiagnostics>): string {
  if (all === undefined) return '-'
  const mute = muteBlocks > 0 ? `, ${muteBlocks} mute` : ''
  return `${all}${mute}${refusedBlocks > 0 ? `, ${refusedBlocks} refused` : ''}`
}

function figures({
  requests,
  roundTrip,
  failures,
  refusals: refused,
  read,
  lastAnswerAt,
}: Partial<RequestFigures>): string[] {
  const failed = Object.entries(failures ?? {}).map(([why, count]) => `${count} ${why}`)
  const refusedCount = Object.values(refused ?? {}).reduce((sum, count) => sum + count, 0)
  return [
    requests === undefined ? '-' : String(requests),
    time(roundTrip?.p50),
    time(roundTrip?.p99),
    requests === undefined ? '-' : failed.join(', ') || '0',
    requests === undefined ? '-' : String(refusedCount),
    read ? `${((100 * read.used) / read.bytes).toFixed(0)} %` : '-',
    lastAnswerAt === undefined ? '-' : new Date(lastAnswerAt).toISOString(),
  ]
}

/** Which codes a device refused with, since the table only counts them, and how writes to it ended. */
function refusals(devices: readonly (Partial<DeviceDiagnostics> & { key: string; reason: string })[]): string[] {
  return devices.flatMap(({ key, reason, refusals: refused, writes }) => {
    const codes = Object.entries(refused ?? {}).map(([code, count]) => `${code} ${count} times`)
    const ends = Object.entries(writes ?? {}).map(([state, count]) => `${count} ${state}`)
    const said = [
      codes.length > 0 ? `refused with ${codes.join(', ')}` : '',
      ends.length > 0 ? `writes: ${ends.join(', ')}` : '',
    ]
    const parts = [reason, ...said].filter((part) => part !== '')
    return parts.length > 0 ? [`  ${key}: ${parts.join('; ')}`] : []
  })
}

function told(counters: SourceDiagnostics['counters']): string {
  const { connects, connectFailures, strays, skippedCycles } = counters
  return `${connects} connects (${connectFailures} failed), ${strays} strays, ${skippedCycles} cycles skipped`
}

/** How full the line is, and how late its cycles begin. */
function inTime({ load, latenessP50Ms, latenessP99Ms }: NonNullable<SourceDiagnostics['polling']>): string {
  const late =
    latenessP50Ms === null || latenessP99Ms === null
      ? 'no cycle has begun yet'
      : `cycles begin ${latenessP50Ms.toFixed(1)} ms late in the middle, 99 of 100 at most ${latenessP99Ms.toFixed(1)} ms`
  return `its cycles take ${percent(load)} of the line; ${late}`
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const time = (duration: Milliseconds | undefined): string => (duration === undefined ? '-' : String(duration))

const rows = (cells: readonly (readonly string[])[]): string[] => table(cells).map((row) => `  ${row}`)
