import type { SourceConfig } from './plant.ts'

/**
 * What a source must still know of its devices after a crash: which events it has taken, say. Kept with the samples:
 * after a crash a memory is there together with everything that was recorded before it was kept, or neither is.
 */
export interface DeviceMemory {
  /** What was kept last, by this run or an earlier one, in the source's own notation; undefined: nothing. */
  recall(deviceKey: string): string | undefined
  /** Keeps `memory` in place of what was kept before; on disk a second later, together with the samples given until now. */
  keep(deviceKey: string, memory: string): void
}

/** What a source keeps of itself is in one memory and so many parts, so that a change of little is written as little. */
export const MEMORY_PARTS = 64

/** The names under which a source keeps memories of itself, `part` counted from 0; no device's key has a slash. */
export const sourceMemory = (sourceKey: string, part?: number): string =>
  part === undefined ? `source/${sourceKey}` : `source/${sourceKey}/${part}`

export const sourceMemories = (sourceKey: string): string[] => [
  sourceMemory(sourceKey),
  ...Array.from({ length: MEMORY_PARTS }, (_, part) => sourceMemory(sourceKey, part)),
]

/** The names under which a source keeps its memories: of itself and of its devices. */
export const memoriesOf = ({ key, devices }: SourceConfig): string[] => [
  ...sourceMemories(key),
  ...devices.map((device) => device.key),
]
