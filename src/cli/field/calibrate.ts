import { systemClock } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import { fieldEndpointOf, type ModbusDeviceConfig, type ModbusSourceConfig } from '../../core/plant.ts'
import type { Calibration, KnownRange } from '../../sources/modbus/calibration/calibrate.ts'
import { parseRange, rangesOfTags, rangeWords } from '../../sources/modbus/calibration/known-ranges.ts'
import { measure } from '../../sources/modbus/calibration/measure.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { type Measured, proposal, summary } from './calibration-text.ts'
import { deviceOf, type TargetFlags, targetOf } from './target.ts'
import { unreachable } from './unreachable.ts'

export interface CalibrateFlags extends TargetFlags {
  readonly device?: string | undefined
  readonly range?: readonly string[] | undefined
  readonly requests: string
  readonly seconds: string
  readonly json?: boolean | undefined
}

/** `penstock calibrate`: measures what a Modbus device bears, by reading only, and proposes its settings. */
export async function calibrateDevice(
  key: string | undefined,
  flags: CalibrateFlags,
  env: Environment,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  const target = targetOf(key, flags, env)
  const device = deviceOf(target.source, flags.device)
  const { source } = target
  if (source.kind !== 'modbus' || !('unitId' in device)) {
    const message = `"${source.key}" is an S7 CPU: it says itself what it bears, and test-connection shows it`
    throw new ClientFailure(ExitCode.usage, message)
  }
  const [mostRequests, seconds] = [positive('--requests', flags.requests), positive('--seconds', flags.seconds)]
  const ranges = flags.range ? flags.range.map((text) => rangeOf(text, device)) : rangesOf(source, device)
  out.notice(
    `Reads ${ranges.map(rangeWords).join(', ')} of unit ${device.unitId} at ${fieldEndpointOf(source)} (${source.transport}), and what lies next to it: at most ` +
      `${mostRequests} requests in ${seconds} s. It writes nothing, and ends if the device does not recover. Ctrl-C ends it.`,
  )
  const say = (step: string) => out.notice(`… ${step}`)
  const means = { secret: target.secret, clock: systemClock, random: Math.random, signal, say }
  const found = await measure({ source, device, ranges, mostRequests, seconds, ...means }).catch((error: unknown) => {
    throw error instanceof PenstockError ? unreachable(error, target.dataFolder) : error
  })
  print(found, { source, device }, flags, out)
  return found.endedBecause === undefined ? ExitCode.ok : ExitCode.refused
}

function print(found: Calibration, measured: Measured, { json }: CalibrateFlags, out: Output): void {
  if (json) {
    out.line(JSON.stringify(found))
    return
  }
  for (const line of [...summary(found), '', ...proposal(found, measured)]) out.line(line)
}

function rangesOf(source: ModbusSourceConfig, device: ModbusDeviceConfig): KnownRange[] {
  const ranges = rangesOfTags(source, device)
  if (ranges.length > 0) return ranges
  const message = `The device "${device.key}" has no tags that say what exists there: give --range, such as holding:0-99`
  throw new ClientFailure(ExitCode.usage, message)
}

function rangeOf(text: string, device: ModbusDeviceConfig): KnownRange {
  const range = parseRange(text, device)
  if (typeof range === 'string') throw new ClientFailure(ExitCode.usage, `--range ${range}`)
  return range
}

function positive(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0 && value <= 100_000) return value
  throw new ClientFailure(ExitCode.usage, `${flag} ${text} is not a whole number from 1 to 100000`)
}
