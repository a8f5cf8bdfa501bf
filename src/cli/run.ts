import { createLogger } from '../telemetry/logger.ts'
import { collectStartupGarbage } from '../telemetry/startup-garbage.ts'
import { readConfiguration } from './configuration.ts'
import { serve } from './serve.ts'

/** `penstock run`: begins, and goes on until a signal ends it. Throws ConfigurationRefused. */
export async function run(file: string): Promise<undefined> {
  const { config, secrets } = readConfiguration(file, process.env)
  const log = createLogger(config.log.level, 'main')
  collectStartupGarbage()
  const gateway = await serve({ config, secrets, log })
  void gateway.running.then(() => log.info({ httpPort: gateway.httpPort }, 'gateway runs'))
}
