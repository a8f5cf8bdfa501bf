import type { Plant } from '../core/plant.ts'
import type { Place } from './definitions.ts'

/** Finds devices in the plant by their keys; a plant is never changed once made, so its map is made once. */
export class Directory {
  readonly #plant: () => Plant
  #mapped: Plant | undefined
  #places = new Map<string, Place>()

  constructor(plant: () => Plant) {
    this.#plant = plant
  }

  place(device: string): Place | undefined {
    return this.#current().get(device)
  }

  get devices(): readonly string[] {
    return [...this.#current().keys()]
  }

  #current(): ReadonlyMap<string, Place> {
    const plant = this.#plant()
    if (this.#mapped !== plant) {
      this.#mapped = plant
      this.#places = new Map(
        plant.sources.flatMap((source) => source.devices.map((each) => [each.key, { source, device: each }])),
      )
    }
    return this.#places
  }
}
