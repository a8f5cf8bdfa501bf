import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import type { SourceType } from '../source.ts'
import { ChirpStackSource } from './source.ts'
import { validateChirpStack } from './validate.ts'

/** ChirpStack v4: one source a tenant, its LoRaWAN devices the devices. */
export const chirpStackSource: SourceType<ChirpStackSourceConfig> = {
  kind: 'chirpstack',
  validate: validateChirpStack,
  create: (config, devices, context) => new ChirpStackSource({ config, devices, context }),
}
