import type { DeviceMemory } from '../../src/core/device-memory.ts'

/** Remembers as long as the test wants: given to another context, it is the disk between two runs. */
export class DeviceMemories implements DeviceMemory {
  readonly kept = new Map<string, string>()

  recall(deviceKey: string): string | undefined {
    return this.kept.get(deviceKey)
  }

  keep(deviceKey: string, memory: string): void {
    this.kept.set(deviceKey, memory)
  }
}
