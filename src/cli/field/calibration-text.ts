import { Document } from 'yaml'
import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import type { Calibration } from '../../sources/modbus/calibration/calibrate.ts'
import { findingsOf, proposedSettings } from '../../sources/modbus/calibration/proposal.ts'
import { table } from '../client/format.ts'

/** What was measured: the device, as it and its source are configured now. */
export interface Measured {
  readonly source: Pick<ModbusSourceConfig, 'delayBetweenRequestsMs' | 'window'>
  readonly device: ModbusDeviceConfig
}

/** What was measured, in lines for people. */
export function summary(found: Calibration): string[] {
  const { requests, endedBecause } = found
  const end = endedBecause === undefined ? '' : `; ended early: ${endedBecause}`
  const rows = findingsOf(found).map(({ what, words }): [string, string] => [what, words])
  return [`Measured with ${requests} requests${end}`, ...table(rows).map((row) => `  ${row}`)]
}

/** The settings that are proposed, as the configuration has them. */
export function proposal(found: Calibration, { source, device }: Measured): string[] {
  const proposed = proposedSettings(found, source)
  const document = new Document({
    ...proposed.source,
    ...(Object.keys(proposed.device).length > 0 ? { devices: [{ key: device.key, ...proposed.device }] } : {}),
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
