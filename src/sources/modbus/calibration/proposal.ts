import type { CalibrationFinding, ProposedSettings } from '../../../core/calibration.ts'
import type { ModbusSourceConfig } from '../../../core/plant.ts'
import type { BlockLimit, Calibration, Pace } from './calibrate.ts'

/** A device that is slower now and then than it was while it was measured shall not count as silent. */
const TIMEOUT_FACTOR = 4
const LEAST_TIMEOUT_MS = 200
const TIMEOUT_STEP_MS = 50

/** What was found out, in words. */
export function findingsOf(found: Calibration): CalibrationFinding[] {
  const { roundTrip, pauseMs, registers, bits, gap, window, pace } = found
  const findings: CalibrationFinding[] = []
  const add = (what: string, words: string) => void findings.push({ what, words })
  if (pauseMs !== undefined) add('pause between requests', pauseMs === 0 ? 'none needed' : `${pauseMs} ms needed`)
  if (registers) add('registers at once', inWords(registers))
  if (bits) add('bits at once', inWords(bits))
  if (gap) add('holes between tags', holesInWords(gap))
  if (window !== undefined) add('requests at once', window === 1 ? 'one' : `up to ${window} are answered`)
  if (pace) add('an answer each', paceInWords(pace))
  if (roundTrip) {
    add('round trip', `p50 ${roundTrip.p50.toFixed(1)} ms, slowest ${roundTrip.p99.toFixed(1)} ms`)
  }
  return findings
}

/** Settings for the configuration: only what was found out, and what the defaults do not do by themselves. */
export function proposedSettings(
  found: Calibration,
  source: Pick<ModbusSourceConfig, 'delayBetweenRequestsMs' | 'window'>,
): ProposedSettings {
  const { roundTrip, registers, bits, gap, pauseMs, pace, window } = found
  return {
    source: {
      ...(roundTrip ? { timeout: `${timeoutOf(Math.max(roundTrip.p99, pace?.slowest ?? 0))}ms` } : {}),
      ...windowOf(source.window ?? 1, pace?.window ?? (window === 1 ? 1 : undefined)),
      ...(pauseMs === undefined || (pauseMs === 0 && source.delayBetweenRequestsMs === 0)
        ? {}
        : { delayBetweenRequests: `${pauseMs}ms` }),
    },
    device: {
      ...(registers?.isLimit ? { maxRegisters: registers.largest } : {}),
      ...(bits?.isLimit ? { maxCoils: bits.largest } : {}),
      ...(gap?.unreadable === undefined ? {} : { maxGap: gap.readable ?? 0 }),
    },
  }
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
