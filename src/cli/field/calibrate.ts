import { systemClock } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import {
  fieldEndpointOf,
  MOST_AT_ONCE,
  type ModbusDeviceConfig,
  type ModbusSourceConfig,
  windowedTransports,
} from '../../core/plant.ts'
import { TagIndexing } from '../../core/tag-index.ts'
import { areas, countingOf, isAddressFault, isBitArea, LAST_ADDRESS } from '../../sources/modbus/address.ts'
import { type Calibration, calibrate, type KnownRange } from '../../sources/modbus/calibration/calibrate.ts'
import { parseAddress } from '../../sources/modbus/parse-address.ts'
import { planReads } from '../../sources/modbus/read-plan.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { type Measured, proposal, summary } from './calibration-text.ts'
import { modbusDriver } from './tables.ts'
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
  const where = ranges.map(({ area, start, count }) => `${area}:${start}-${start + count - 1}`).join(', ')
  out.notice(
    `Reads ${where} of unit ${device.unitId} at ${fieldEndpointOf(source)} (${source.transport}), and what lies next to it: at most ` +
      `${mostRequests} requests in ${seconds} s. It writes nothing, and ends if the device does not recover. Ctrl-C ends it.`,
  )
  // Pauses are what is measured, so the configured one is left out.
  const driver = modbusDriver({ ...source, delayBetweenRequestsMs: 0 }, target.secret)
  const open = (window: number) => driver.open(signal, window)
  const options = {
    connect: open,
    mostAtOnce: windowedTransports.includes(source.transport) ? MOST_AT_ONCE : 1,
    unitId: device.unitId,
    clock: systemClock,
    signal,
    mostRequests,
    mostMs: seconds * 1_000,
  }
  const say = (step: string) => out.notice(`… ${step}`)
  const found = await calibrate({ ...options, ranges, say }).catch((error: unknown) => {
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

/** Where the device's tags lie, in one piece each. */
function rangesOf(source: ModbusSourceConfig, device: ModbusDeviceConfig): KnownRange[] {
  const whole = { ...device, maxRegisters: 125, maxCoils: 2_000, maxGap: 0 }
  const config = { ...source, disabled: false, devices: [{ ...whole, disabled: false }] }
  const tags = new TagIndexing({ sources: [config] }).ofDevice(device.key).filter(({ disabled }) => !disabled)
  const ranges = planReads({ device: whole, tags }, tags).map(({ area, start, count, items }) => ({
    area,
    start,
    count,
    items: items.map((item) => ({ area, start: item.start, count: item.count })),
  }))
  if (ranges.length > 0) return ranges
  const message = `The device "${device.key}" has no tags that say what exists there: give --range, such as holding:0-99`
  throw new ClientFailure(ExitCode.usage, message)
}

function rangeOf(text: string, device: ModbusDeviceConfig): KnownRange {
  const [, from = '', to] = /^(.*?)(?:-(\d+))?$/.exec(text) ?? []
  const first = parseAddress(from, countingOf(device))
  if (isAddressFault(first)) {
    throw new ClientFailure(ExitCode.usage, `--range ${text}, column ${first.column}: ${first.message} ${first.mend}`)
  }
  const { area, start, bit } = first.address
  const last = to === undefined ? start : Number(to) - (device.addressBase ?? 0)
  if (bit === undefined && last >= start && last <= LAST_ADDRESS)
    return { area, start, count: last - start + 1, items: [] }
  const kinds = areas.map((each) => `${each}:${isBitArea(each) ? '0-31' : '0-99'}`).join(', ')
  throw new ClientFailure(ExitCode.usage, `--range ${text} is no range of addresses such as ${kinds}`)
}

function positive(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0 && value <= 100_000) return value
  throw new ClientFailure(ExitCode.usage, `${flag} ${text} is not a whole number from 1 to 100000`)
}
