import type { Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import type { MetricStore } from './metric-store.ts'
import type { SimulatedDevice } from './records.ts'

export const measurementName = (devEui: string, key: string): string => `device:${devEui}:${key}`
export const linkName = (devEui: string): string => `device:${devEui}`

/** Leaves of a decoded object by their flat keys. */
export type Leaves = ReadonlyMap<string, number | string | boolean>

/**
 * The leaves of a decoded object under ChirpStack's flat keys: `{a: {b: 1}}` is `a_b`, `{a: [1]}` is `a_0`. Nulls are
 * not there.
 */
export function flatten(object: Readonly<Record<string, unknown>>): Leaves {
  const leaves = new Map<string, number | string | boolean>()
  const visit = (key: string, value: unknown): void => {
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') leaves.set(key, value)
    else if (typeof value === 'object' && value !== null) {
      for (const [inner, each] of Object.entries(value)) visit(`${key}_${inner}`, each)
    }
  }
  for (const [key, value] of Object.entries(object)) visit(key, value)
  return leaves
}

/**
 * Saves what a decoded object holds of the profile's measurements (`uplink/data.rs`, detect_and_save_measurements).
 * Texts and truth values are saved as a state whatever the kind is, and numbers where it is a numeric one. Throws a
 * RedisRefusal at NaN or infinity in what is summed up.
 */
export function saveMeasurements(
  directory: Directory,
  metrics: MetricStore,
  device: SimulatedDevice,
  leaves: Leaves,
  time: Milliseconds,
): void {
  const profile = directory.profileOf(device)
  for (const [key, value] of leaves) {
    const measurement = Object.hasOwn(profile.measurements, key) ? profile.measurements[key] : undefined
    if (!measurement && profile.autoDetectMeasurements) {
      directory.setMeasurement(profile.id, key, { name: '', kind: 'UNKNOWN' })
    }
    if (!measurement || measurement.kind === 'UNKNOWN') continue
    const name = measurementName(device.devEui, key)
    if (typeof value !== 'number') metrics.saveState(name, String(value))
    else if (measurement.kind !== 'STRING') metrics.save(name, time, measurement.kind, { value })
  }
}

/** What is counted of an uplink itself: that it came, and how well (`save_metrics`). Always in the server's time. */
export function saveLink(
  metrics: MetricStore,
  devEui: string,
  link: { readonly rssi: number; readonly snr: number; readonly frequency: number; readonly dr: number },
  now: Milliseconds,
): void {
  metrics.save(linkName(devEui), now, 'ABSOLUTE', {
    rx_count: 1,
    gw_rssi_sum: link.rssi,
    gw_snr_sum: link.snr,
    [`rx_freq_${link.frequency}`]: 1,
    [`rx_dr_${link.dr}`]: 1,
  })
}
