import { checkConfiguration } from '../../src/cli/configuration.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../src/main.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import type { PlantFolder } from './gateway.ts'

/** The whole gateway with its rooms, begun as `penstock run` does, and serving. Only errors are logged. */
export async function startGatewayOf(plant: PlantFolder, entries: GatewayOptions['entries'] = {}): Promise<Gateway> {
  const { config, secrets } = checkConfiguration(plant.text, plant.file, plant.env)
  const gateway = await startGateway({ config, secrets, entries, log: createLogger('error', 'main') })
  await gateway.running
  return gateway
}
