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
    this.#take(config)
  }

  /** The source's devices are these now; of those that it had before, what is known stays. */
  follow(config: SourceConfig): void {
    this.#take(config)
    this.#onChange()
  }

  #take(config: SourceConfig): void {
    const known = new Map(this.#devices)
    this.#devices.clear()
    for (const { key, disabled } of config.devices) {
      const off = disabled || config.disabled
      const before = known.get(key)
      const stays = before && !off && before.state !== 'disabled'
      this.#devices.set(key, stays ? before : { key, state: off ? 'disabled' : 'unknown', reason: '' })
    }
  }

  knowsAny(devices: ReadonlySet<string>): boolean {
    return [...devices].some((key) => this.#devices.has(key))
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
    // A device that has left the plant may still be reported by a source that is only just told so.
    if (!before || (before.state === state && before.reason === reason)) return
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
