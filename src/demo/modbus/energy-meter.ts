import type { Clock, Milliseconds } from '../../core/clock.ts'
import { RegisterMap, type SimulatedUnit } from './register-map.ts'

const HOUR: Milliseconds = 3_600_000
const NOMINAL_VOLTAGE = 230

/** A wave of amplitude 1 and this period. */
const wave = (at: Milliseconds, period: Milliseconds, phase = 0): number =>
  Math.sin((2 * Math.PI * at) / period + phase)

/**
 * A three-phase energy meter. Load follows the hour of the day with slower and faster swings on top; voltages sag
 * under load; the energy counters only ever grow by what the power did.
 *
 * Input registers, numbers most significant register first:
 * 0 2 4 voltages L1–L3 in V, 6 8 10 currents in A, 12 active power in W, 14 power factor, 16 frequency in Hz
 * (float32); 100 active energy in Wh (uint64), 104 reactive energy in varh (int64, may be negative), 108 operating
 * time in s (int32).
 * Holding registers: 0 ratio of the current transformers (uint16, can be written), 20 serial number (16 characters).
 */
export class EnergyMeter implements SimulatedUnit {
  readonly map = new RegisterMap()
  readonly #clock: Clock
  readonly #startedAt: Milliseconds
  #at: Milliseconds
  #transformerRatio = 40
  #activeEnergyWh = 184_467_440
  #reactiveEnergyVarh = -12_750

  constructor(clock: Clock, serialNumber = 'EM340-0017') {
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#at = this.#startedAt
    const { map } = this
    for (const phase of [0, 1, 2]) {
      map.float32('input', 2 * phase, () => this.#voltage(phase))
      map.float32('input', 6 + 2 * phase, () => this.#current(phase))
    }
    map
      .float32('input', 12, () => this.#power())
      .float32('input', 14, () => this.#powerFactor())
      .float32('input', 16, () => 50 + 0.02 * wave(this.#at, 47_000))
      .uint64('input', 100, () => this.#activeEnergyWh)
      .int64('input', 104, () => this.#reactiveEnergyVarh)
      .int32('input', 108, () => (this.#at - this.#startedAt) / 1_000)
      .word(
        'holding',
        0,
        () => this.#transformerRatio,
        (ratio) => {
          this.#transformerRatio = ratio
        },
      )
      .text('holding', 20, 16, serialNumber)
  }

  advance(): void {
    const now = this.#clock.now()
    if (now <= this.#at) return
    const hours = (now - this.#at) / HOUR
    this.#at = now
    this.#activeEnergyWh += this.#power() * hours
    this.#reactiveEnergyVarh += this.#power() * Math.tan(Math.acos(this.#powerFactor())) * hours
  }

  #power(): number {
    return [0, 1, 2].reduce((sum, phase) => sum + this.#voltage(phase) * this.#current(phase), 0) * this.#powerFactor()
  }

  #powerFactor(): number {
    return 0.93 + 0.03 * wave(this.#at, 1_300_000)
  }

  #current(phase: number): number {
    const daily = 1 + 0.35 * wave(this.#at, 24 * HOUR, -Math.PI / 2)
    const swings = 1 + 0.08 * wave(this.#at, 613_000, phase) + 0.03 * wave(this.#at, 23_000, 2 * phase)
    return 18 * daily * swings * (1 + 0.05 * (phase - 1))
  }

  #voltage(phase: number): number {
    return NOMINAL_VOLTAGE + 1.5 * wave(this.#at, 311_000, phase * 2) - 0.08 * this.#current(phase)
  }
}
