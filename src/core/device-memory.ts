/**
 * What a source must still know of its devices after a crash: which events it has taken, say. Kept with the samples:
 * after a crash a memory is there together with everything that was recorded before it was kept, or neither is.
 */
export interface DeviceMemory {
  /** What an earlier run kept last, in the source's own notation; undefined: nothing. */
  recall(deviceKey: string): string | undefined
  /** Keeps `memory` in place of what was kept before; on disk a second later, together with the samples given until now. */
  keep(deviceKey: string, memory: string): void
}
