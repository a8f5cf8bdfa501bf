import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import type { SourceType } from '../source.ts'
import { validateChirpStack } from './validate.ts'

/** ChirpStack v4: one source a tenant, its LoRaWAN devices the devices. */
export const chirpStackSource: SourceType<ChirpStackSourceConfig> = {
  kind: 'chirpstack',
  validate: validateChirpStack,
  async create(config, devices, context) {
    const { ChirpStackSource } = await import('./source.ts')
    return new ChirpStackSource({ config, devices, context })
  },
}
