import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { type DeviceMemory, MEMORY_PARTS, sourceMemory } from '../../../core/device-memory.ts'
import { describeError } from '../../../core/errors.ts'
import type { Logger } from '../../../core/logger.ts'
import { inTurns } from '../in-turns.ts'
import type { InventoryMirror } from '../mirror.ts'
import { type DiscoveryState, emptyDiscovery, type KnownDevice, parseDiscoveryState } from './state.ts'

/** What was learned and is not on disk yet would have to be learned anew after a crash. */
const KEEP_AFTER: Milliseconds = 10_000
/** Every uplink counts something; a crash may cost the counts of this time. */
const KEEP_COUNTS_AFTER: Milliseconds = 600_000

export interface KeptDiscoveryOptions {
  readonly sourceKey: string
  readonly tenantId: string
  readonly clock: Clock
  readonly log: Logger
  readonly memory: DeviceMemory
}

/** What is to be kept, as it is when it is written. */
export interface Known {
  readonly mirror: InventoryMirror | undefined
  devicesOf(part: number): readonly KnownDevice[]
}

/** In which part of what is kept a device stands: a change of one must not write all of them. */
export const partOf = (devEui: string): number => Number.parseInt(devEui.slice(-2), 16) % MEMORY_PARTS

/** Keeps what discovery knows: the inventory in one memory, the devices in parts, of which only those that changed. */
export class KeptDiscovery {
  readonly #options: KeptDiscoveryOptions
  readonly #known: () => Known
  readonly #changedParts = new Set<number>()
  #mirrorChanged = false
  /** More than counts waits to be kept. */
  #urgent = false
  #due: { readonly at: Milliseconds; readonly cancel: () => void } | undefined

  constructor(options: KeptDiscoveryOptions, known: () => Known) {
    this.#options = options
    this.#known = known
  }

  /** What was kept of this tenant; what cannot be read of it, or is another tenant's, is learned anew. */
  recall(): DiscoveryState {
    const { tenantId } = this.#options
    const { mirror } = this.#read()
    const parts = Array.from({ length: MEMORY_PARTS }, (_, part) => part)
    if (mirror && mirror.tenantId !== tenantId) {
      // Whatever is not written over would be taken for this tenant's later.
      for (const part of parts) this.#changedParts.add(part)
      return emptyDiscovery
    }
    const devices = parts.flatMap((part) => this.#read(part).devices)
    return { version: 1, ...(mirror ? { mirror } : {}), devices }
  }

  mirrorChanged(): void {
    this.#mirrorChanged = true
    this.#urgent = true
    this.#keepWithin(KEEP_AFTER)
  }

  /** `learned`: more than counts are different. */
  deviceChanged(devEui: string, learned: boolean): void {
    this.#changedParts.add(partOf(devEui))
    this.#urgent ||= learned
    this.#keepWithin(learned ? KEEP_AFTER : KEEP_COUNTS_AFTER)
  }

  /** Keeps at once whatever is not kept yet. */
  flush(): void {
    this.#due?.cancel()
    this.#due = undefined
    for (const _ of this.#keeping());
  }

  #keepWithin(delay: Milliseconds): void {
    const { clock } = this.#options
    const at = clock.monotonic() + delay
    if (this.#due && this.#due.at <= at) return
    this.#due?.cancel()
    const begin = () => {
      this.#urgent = false
      const cancel = inTurns(clock, this.#keeping(), 1, () => {
        this.#due = undefined
        // What changed meanwhile, of something that was kept already.
        if (this.#urgent) this.#keepWithin(KEEP_AFTER)
        else if (this.#changedParts.size > 0) this.#keepWithin(KEEP_COUNTS_AFTER)
      })
      this.#due = { at, cancel }
    }
    this.#due = { at, cancel: clock.after(delay, begin) }
  }

  *#keeping(): Generator<undefined, void> {
    const { memory, sourceKey } = this.#options
    if (this.#mirrorChanged) {
      const { mirror } = this.#known()
      this.#mirrorChanged = false
      memory.keep(sourceMemory(sourceKey), JSON.stringify({ version: 1, ...(mirror ? { mirror } : {}), devices: [] }))
      yield
    }
    for (const part of [...this.#changedParts]) {
      this.#changedParts.delete(part)
      const devices = this.#known().devicesOf(part)
      memory.keep(sourceMemory(sourceKey, part), JSON.stringify({ version: 1, devices }))
      yield
    }
  }

  #read(part?: number): DiscoveryState {
    const { memory, sourceKey, log } = this.#options
    const kept = memory.recall(sourceMemory(sourceKey, part))
    if (kept === undefined) return emptyDiscovery
    try {
      return parseDiscoveryState(kept)
    } catch (error) {
      log.warn({ cause: describeError(error) }, 'What was learned of some devices is lost and is learned anew')
      return emptyDiscovery
    }
  }
}
