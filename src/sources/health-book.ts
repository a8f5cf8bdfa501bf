import type { Clock } from '../core/clock.ts'
import {
  type DeviceHealth,
  type DeviceState,
  type SourceCounter,
  type SourceHealth,
  type SourceState,
  sourceCounters,
} from '../core/health.ts'
import type { SourceConfig } from '../core/plant.ts'
import type { SourceReport } from './source.ts'

/** What a source reports of itself, kept for whoever asks. */
export class HealthBook implements SourceReport {
  readonly #key: string
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #counters = Object.fromEntries(sourceCounters.map((name) => [name, 0])) as Record<SourceCounter, number>
  readonly #devices = new Map<string, DeviceHealth>()
  #state: SourceState = 'starting'
  #reason = ''
  #since: number

  constructor(config: SourceConfig, clock: Clock, onChange: () => void) {
    this.#key = config.key
    this.#clock = clock
    this.#onChange = onChange
    this.#since = clock.now()
    for (const { key, disabled } of config.devices) {
      this.#devices.set(key, { key, state: disabled || config.disabled ? 'disabled' : 'unknown', reason: '' })
    }
  }

  state(state: SourceState, reason = ''): void {
    if (this.#state === state && this.#reason === reason) return
    if (this.#state !== state) this.#since = this.#clock.now()
    this.#state = state
    this.#reason = reason
    this.#onChange()
  }

  device(key: string, state: DeviceState, reason = ''): void {
    const before = this.#devices.get(key)
    if (before?.state === state && before.reason === reason) return
    this.#devices.set(key, { ...before, key, state, reason })
    this.#onChange()
  }

  count(counter: SourceCounter, by = 1): void {
    this.#counters[counter] += by
  }

  lostUplinks(key: string, uplinks: number): void {
    const before = this.#devices.get(key)
    if (!before || before.lostUplinks === uplinks) return
    this.#devices.set(key, { ...before, lostUplinks: uplinks })
    this.#counters.lostUplinks += uplinks - (before.lostUplinks ?? 0)
    this.#onChange()
  }

  get current(): SourceState {
    return this.#state
  }

  health(): SourceHealth {
    return {
      key: this.#key,
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      counters: { ...this.#counters },
      devices: [...this.#devices.values()],
    }
  }
}
