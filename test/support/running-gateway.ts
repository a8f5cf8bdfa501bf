import { checkConfiguration, checkOfEdits } from '../../src/cli/configuration.ts'
import type { GatewayOptions } from '../../src/gateway/options.ts'
import { type Gateway, startGateway } from '../../src/main.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import type { PlantFolder } from './gateway.ts'

/** The whole gateway with its rooms, begun as `penstock run` does, and serving. Only errors are logged. */
export async function startGatewayOf(
  plant: Pick<PlantFolder, 'file' | 'text' | 'env'>,
  entries: GatewayOptions['entries'] = {},
): Promise<Gateway> {
  const { text, file: name, env } = plant
  const { config, secrets } = checkConfiguration(text, name, env)
  const configuration = {
    text,
    isNew: true,
    name,
    check: checkOfEdits(name, env),
  }
  const gateway = await startGateway({ config, secrets, configuration, entries, log: createLogger('error', 'main') })
  await gateway.running
  return gateway
}
