import type { CalculatedSourceConfig } from '../../core/plant.ts'
import type { SourceType } from '../source.ts'
import { validateCalculated } from './validate.ts'

/** Values that are calculated of other tags. */
export const calculatedSource: SourceType<CalculatedSourceConfig> = {
  kind: 'calculated',
  validate: validateCalculated,
  async create(config, devices, context) {
    const { CalculatedSource } = await import('./source.ts')
    return new CalculatedSource(config, devices, context)
  },
}
