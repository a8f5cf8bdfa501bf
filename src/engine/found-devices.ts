import type { Findings } from '../core/drift.ts'
import type { Plant, SourceConfig } from '../core/plant.ts'
import type { DeviceTemplate } from '../core/template.ts'
import type { DeviceOffers } from '../sources/source.ts'

type Device = SourceConfig['devices'][number]

/** A plant as it is configured, with the templates for what is found in it. */
export interface ConfiguredDevices {
  readonly plant: Plant
  readonly templates: readonly DeviceTemplate[]
}

/** What sources have found beside what is configured, and the plant that both make together. */
export class FoundDevices {
  #configured: ConfiguredDevices
  readonly #served = new Map<string, readonly Device[]>()
  readonly #findings = new Map<string, Findings>()
  readonly #onChange: () => void

  /** `onChange`: `plant` is another one now. */
  constructor(configured: ConfiguredDevices, onChange: () => void) {
    this.#configured = configured
    this.#onChange = onChange
  }

  configure(configured: ConfiguredDevices): void {
    this.#configured = configured
    const keys = new Set(configured.plant.sources.map(({ key }) => key))
    for (const key of this.#served.keys()) if (!keys.has(key)) this.#served.delete(key)
    for (const key of this.#findings.keys()) if (!keys.has(key)) this.#findings.delete(key)
  }

  /** The configured plant with the found devices behind the configured ones of their source; a configured key wins. */
  get plant(): Plant {
    const { plant } = this.#configured
    if (this.#served.size === 0) return plant
    const taken = new Set(plant.sources.flatMap(({ devices }) => devices.map(({ key }) => key)))
    return {
      sources: plant.sources.map((source) => {
        const found = (this.#served.get(source.key) ?? []).filter(({ key }) => !taken.has(key))
        for (const { key } of found) taken.add(key)
        return found.length === 0 ? source : ({ ...source, devices: [...source.devices, ...found] } as SourceConfig)
      }),
    }
  }

  get findings(): readonly Findings[] {
    return [...this.#findings.values()]
  }

  offersOf(sourceKey: string): DeviceOffers {
    return {
      configured: () => this.#sourceOf(sourceKey),
      templates: () => this.#configured.templates,
      takenKeys: () => this.#keysBeside(sourceKey),
      serve: (devices) => {
        if (!this.#sourceOf(sourceKey) || areSame(this.#served.get(sourceKey) ?? [], devices)) return
        this.#served.set(sourceKey, devices)
        this.#onChange()
      },
      findings: (found) => {
        if (this.#sourceOf(sourceKey)) this.#findings.set(sourceKey, { source: sourceKey, ...found })
      },
    }
  }

  #sourceOf(key: string): SourceConfig | undefined {
    return this.#configured.plant.sources.find((each) => each.key === key)
  }

  #keysBeside(sourceKey: string): Set<string> {
    const others = this.plant.sources.filter(({ key }) => key !== sourceKey)
    return new Set(others.flatMap(({ devices }) => devices.map(({ key }) => key)))
  }
}

/** Sources say of a device that stays as it is the very same, so that nothing has to be compared in full. */
const areSame = (before: readonly Device[], now: readonly Device[]): boolean =>
  before.length === now.length && before.every((device, at) => device === now[at])
