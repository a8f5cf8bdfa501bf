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
  /** Devices of which there is something new since `news` was asked last. */
  readonly #fresh = new Set<string>()
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
      if (stays) this.#devices.set(key, before)
      else this.#tell({ key, state: off ? 'disabled' : 'unknown', reason: '' })
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
    this.#tell({ ...before, key, state, reason })
    this.#onChange()
  }

  count(counter: SourceCounter, by = 1): void {
    this.#counters[counter] += by
  }

  lostUplinks(key: string, uplinks: number): void {
    const before = this.#devices.get(key)
    if (!before || before.lostUplinks === uplinks) return
    this.#tell({ ...before, lostUplinks: uplinks })
    this.#counters.lostUplinks += uplinks - (before.lostUplinks ?? 0)
    this.#onChange()
  }

  get current(): SourceState {
    return this.#state
  }

  health(): SourceHealth {
    return { ...this.#own(), devices: [...this.#devices.values()] }
  }

  /** The same, but of the devices only those of which there is something new since this was asked last. */
  news(): SourceHealth {
    const devices = [...this.#fresh].flatMap((key) => this.#devices.get(key) ?? [])
    this.#fresh.clear()
    return { ...this.#own(), devices }
  }

  #own(): Omit<SourceHealth, 'devices'> {
    return {
      key: this.#key,
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      counters: { ...this.#counters },
    }
  }

  #tell(device: DeviceHealth): void {
    this.#devices.set(device.key, device)
    this.#fresh.add(device.key)
  }
}
