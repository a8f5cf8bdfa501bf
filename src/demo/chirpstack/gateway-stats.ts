import type { Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import type { MetricStore } from './metric-store.ts'
import type { ServerClock } from './server-clock.ts'

/** How much of its duty cycle a gateway has used up in a band. */
export interface DutyCycleBand {
  readonly name: string
  /** Hz */
  readonly frequencyMin: number
  readonly frequencyMax: number
  /** Per mille of the window that may be used. */
  readonly maxPermille: number
  /** Per cent of that share which was used. */
  readonly loadPercent: number
}

export const gatewayName = (gatewayId: string): string => `gw:${gatewayId}`
export const dutyCycleName = (gatewayId: string): string => `gw:dc:${gatewayId}`

/** What LoRaWAN gateways count, from the uplinks and downlinks that go through them, and report at an interval. */
export class GatewayStats {
  readonly #directory: Directory
  readonly #metrics: MetricStore
  readonly #clock: ServerClock
  readonly #counted = new Map<string, Record<string, number>>()

  constructor(parts: { directory: Directory; metrics: MetricStore; clock: ServerClock }) {
    this.#directory = parts.directory
    this.#metrics = parts.metrics
    this.#clock = parts.clock
  }

  received(gatewayId: string, frequency: number, dr: number): void {
    this.#count(gatewayId, ['rx_count', `rx_freq_${frequency}`, `rx_dr_${dr}`])
  }

  transmitted(gatewayId: string, frequency: number, dr: number): void {
    this.#count(gatewayId, ['tx_count', `tx_freq_${frequency}`, `tx_dr_${dr}`, 'tx_status_OK'])
  }

  /** A gateway, or each one, reports what it counted since it last did: it is seen, and its metrics grow. */
  report(gatewayId?: string, dutyCycle: readonly DutyCycleBand[] = []): void {
    const now = this.#clock.now()
    for (const gateway of this.#directory.gateways.values()) {
      if (gatewayId !== undefined && gateway.gatewayId !== gatewayId) continue
      gateway.lastSeenAt = now
      const counted = this.#counted.get(gateway.gatewayId) ?? {}
      this.#counted.delete(gateway.gatewayId)
      this.#metrics.save(gatewayName(gateway.gatewayId), now, 'ABSOLUTE', { rx_count: 0, tx_count: 0, ...counted })
      if (dutyCycle.length > 0) this.#saveDutyCycle(gateway.gatewayId, dutyCycle, now)
    }
  }

  #saveDutyCycle(gatewayId: string, bands: readonly DutyCycleBand[], now: Milliseconds): void {
    const values: Record<string, number> = {}
    for (const { name, frequencyMin, frequencyMax, maxPermille, loadPercent } of bands) {
      const key = `${name}_${frequencyMin}_${frequencyMax}_${maxPermille}`
      values[`max_load_perc_${key}`] = loadPercent
      values[`window_perc_${key}`] = (loadPercent * maxPermille) / 1_000
    }
    this.#metrics.save(dutyCycleName(gatewayId), now, 'COUNTER', values, ['MINUTE'])
  }

  #count(gatewayId: string, fields: readonly string[]): void {
    if (!this.#directory.gateways.has(gatewayId)) return
    const counted = this.#counted.get(gatewayId) ?? {}
    for (const field of fields) counted[field] = (counted[field] ?? 0) + 1
    this.#counted.set(gatewayId, counted)
  }
}
