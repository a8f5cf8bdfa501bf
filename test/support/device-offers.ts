import type { Findings } from '../../src/core/drift.ts'
import type { SourceConfig } from '../../src/core/plant.ts'
import type { DeviceTemplate } from '../../src/core/template.ts'
import type { DeviceOffers } from '../../src/sources/source.ts'

/** Takes what a source offers; a source that a test does not configure here has no rules, and so finds nothing. */
export class TakenOffers implements DeviceOffers {
  source: SourceConfig | undefined
  served: readonly SourceConfig['devices'][number][] = []
  found: Omit<Findings, 'source'> | undefined
  /** How often something was served. */
  said = 0

  configured(): SourceConfig | undefined {
    return this.source ?? nothingConfigured
  }

  templates(): readonly DeviceTemplate[] {
    return []
  }

  takenKeys(): ReadonlySet<string> {
    return new Set()
  }

  serve(devices: readonly SourceConfig['devices'][number][]): void {
    this.served = devices
    this.said++
  }

  findings(found: Omit<Findings, 'source'>): void {
    this.found = found
  }
}

const nothingConfigured: SourceConfig = {
  kind: 'chirpstack',
  key: 'lora',
  name: 'lora',
  disabled: false,
  url: 'http://127.0.0.1:1',
  tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
  apiKeyEnv: 'KEY',
  callTimeoutMs: 1_000,
  inventoryPeriodMs: 60_000,
  metricsPeriodMs: 300_000,
  linkTags: false,
  devices: [],
}
