import { createLogger } from '../telemetry/logger.ts'
import { collectStartupGarbage } from '../telemetry/startup-garbage.ts'
import { readConfiguration } from './configuration.ts'
import { Reload } from './reload.ts'
import { serve } from './serve.ts'

/**
 * `penstock run`: begins, and goes on until a signal ends it. SIGHUP makes it read the plant from the file again.
 * Throws ConfigurationRefused.
 */
export async function run(file: string): Promise<undefined> {
  const read = () => readConfiguration(file, process.env)
  const { config, secrets } = read()
  const log = createLogger(config.log.level, 'main')
  collectStartupGarbage()
  const gateway = await serve({ config, secrets, log })
  const reload = new Reload({ gateway, read, log }, config)
  process.on('SIGHUP', () => void reload.now())
  void gateway.running.then(() => log.info({ httpPort: gateway.httpPort }, 'gateway runs'))
}
