import { Document } from 'yaml'
import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import type { BlockLimit, Calibration, Pace } from '../../sources/modbus/calibration/calibrate.ts'
import { table } from '../client/format.ts'

/** A device that is slower now and then than it was while it was measured shall not count as silent. */
const TIMEOUT_FACTOR = 4
const LEAST_TIMEOUT_MS = 200
const TIMEOUT_STEP_MS = 50

/** What was measured: the device, as it and its source are configured now. */
export interface Measured {
  readonly source: Pick<ModbusSourceConfig, 'delayBetweenRequestsMs' | 'window'>
  readonly device: ModbusDeviceConfig
}

/** What was measured, in lines for people. */
export function summary(found: Calibration): string[] {
  const { roundTrip, pauseMs, registers, bits, gap, window, pace, requests, endedBecause } = found
  const rows: [string, string][] = []
  if (pauseMs !== undefined)
    rows.push(['pause between requests', pauseMs === 0 ? 'none needed' : `${pauseMs} ms needed`])
  if (registers) rows.push(['registers at once', inWords(registers)])
  if (bits) rows.push(['bits at once', inWords(bits)])
  if (gap) rows.push(['holes between tags', holesInWords(gap)])
  if (window !== undefined) rows.push(['requests at once', window === 1 ? 'one' : `up to ${window} are answered`])
  if (pace) rows.push(['an answer each', paceInWords(pace)])
  if (roundTrip) {
    rows.push(['round trip', `p50 ${roundTrip.p50.toFixed(1)} ms, slowest ${roundTrip.p99.toFixed(1)} ms`])
  }
  const end = endedBecause === undefined ? '' : `; ended early: ${endedBecause}`
  return [`Measured with ${requests} requests${end}`, ...table(rows).map((row) => `  ${row}`)]
}

/** Settings for the configuration: only what was found out, and what the defaults do not do by themselves. */
export function proposal(found: Calibration, { source, device }: Measured): string[] {
  const { roundTrip, registers, bits, gap, pauseMs, pace, window } = found
  const ofDevice = {
    ...(registers?.isLimit ? { maxRegisters: registers.largest } : {}),
    ...(bits?.isLimit ? { maxCoils: bits.largest } : {}),
    ...(gap?.unreadable === undefined ? {} : { maxGap: gap.readable ?? 0 }),
  }
  const document = new Document({
    ...(roundTrip ? { timeout: `${timeoutOf(Math.max(roundTrip.p99, pace?.slowest ?? 0))}ms` } : {}),
    ...windowOf(source.window ?? 1, pace?.window ?? (window === 1 ? 1 : undefined)),
    ...(pauseMs === undefined || (pauseMs === 0 && source.delayBetweenRequestsMs === 0)
      ? {}
      : { delayBetweenRequests: `${pauseMs}ms` }),
    ...(Object.keys(ofDevice).length > 0 ? { devices: [{ key: device.key, ...ofDevice }] } : {}),
  })
  const settings = Object.keys(document.toJS() as object).length > 0 ? document.toString().trimEnd().split('\n') : []
  if (settings.length === 0) {
    return [
      found.endedBecause === undefined
        ? 'No setting is needed: what was measured is what the defaults do.'
        : 'Nothing is proposed: it ended before anything was measured that the defaults do not do.',
    ]
  }
  return ['# Proposed for the source:', ...settings]
}

const windowOf = (configured: number, found: number | undefined): { window?: number } =>
  found === undefined || found === configured ? {} : { window: found }

function paceInWords({ alone, window, together }: Pace): string {
  const one = `${alone.toFixed(1)} ms one after the other`
  return window === 1
    ? `${one}, and no faster with several at once`
    : `${one}, ${together.toFixed(1)} ms with ${window} at once`
}

const inWords = ({ largest, isLimit }: BlockLimit): string =>
  isLimit ? `${largest}, which is its limit` : `${largest} were read; no limit was met`

function holesInWords({ readable, unreadable }: NonNullable<Calibration['gap']>): string {
  const yes = readable === undefined ? [] : [`of ${readable} can be read`]
  return [...yes, ...(unreadable === undefined ? [] : [`of ${unreadable} cannot be read`])].join(', ')
}

const timeoutOf = (p99: number): number =>
  Math.ceil(Math.max(LEAST_TIMEOUT_MS, TIMEOUT_FACTOR * p99) / TIMEOUT_STEP_MS) * TIMEOUT_STEP_MS
