import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beginningOf } from '../config/life.ts'
import { loadConfig } from '../config/load.ts'
import type { SafeModeChoice } from '../gateway/care.ts'
import { ConfigurationVersions } from '../store/configuration-versions.ts'
import { openPenstockDatabase, penstockFile } from '../store/penstock-database.ts'
import { createLogger } from '../telemetry/logger.ts'
import { RecentLog } from '../telemetry/recent-log.ts'
import { collectStartupGarbage } from '../telemetry/startup-garbage.ts'
import { checkConfiguration, checkOfEdits, configurationText, type Environment } from './configuration.ts'
import { ConfigurationRefused } from './configuration-refused.ts'
import { firstAdministrator } from './security/administrator.ts'
import { serve } from './serve.ts'

/**
 * `penstock run`: begins, and goes on until a signal ends it. SIGHUP makes it read the file and the secrets again.
 * Throws ConfigurationRefused.
 */
export async function run(file: string, safeMode: SafeModeChoice): Promise<undefined> {
  const env = process.env
  const beginning = beginOf(file, env)
  const { config, secrets } = checkConfiguration(beginning.text, beginning.name, env)
  const recentLog = new RecentLog()
  const log = createLogger(config.log.level, 'main', recentLog.bufferOf('main'))
  collectStartupGarbage()
  const configuration = {
    ...beginning,
    check: checkOfEdits(beginning.name, process.env),
    // Only whoever asks for a support bundle pays for the doctor.
    examine: async (text: string) =>
      (await import('./doctor.ts')).examine(text, beginning.name, process.env, Date.now()),
  }
  const administrator = firstAdministrator(env)
  const gateway = await serve({ config, secrets, log, recentLog, configuration, administrator, safeMode })
  process.on('SIGHUP', () => void gateway.configuration.reload(fileText(file), file))
  void gateway.running.then(() => log.info({ httpPort: gateway.httpPort, from: beginning.name }, 'gateway runs'))
}

const fileText = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

/** The file where it says something new, otherwise what held last. Throws ConfigurationRefused where there is neither. */
function beginOf(file: string, env: Environment) {
  const text = fileText(file)
  const found = beginningOf(text, newestIn(dataFolderOf(text, file, env)))
  if (!found) return { text: configurationText(file), isNew: true, name: file }
  return { ...found, name: found.isNew ? file : 'the configuration in the data folder' }
}

/** Nothing else of the file matters yet; one that is wrong is refused afterwards, as a whole. */
function dataFolderOf(text: string | undefined, file: string, env: Environment): string | undefined {
  const load = (yaml: string) =>
    loadConfig({ text: yaml, file, env, readFile: (path) => readFileSync(path, 'utf8'), validators: {} })
  const loaded = load(text ?? 'sources: []')
  if (loaded.ok) return loaded.config.gateway.data
  if (text === undefined) throw new ConfigurationRefused(file, loaded.problems)
  return undefined
}

/** What held last, read while nobody else may own the folder: nothing is changed. */
function newestIn(dataFolder: string | undefined) {
  if (dataFolder === undefined || !existsSync(join(dataFolder, penstockFile))) return undefined
  const database = openPenstockDatabase(dataFolder)
  try {
    const versions = new ConfigurationVersions(database)
    const { newest, fileHash } = versions
    const text = newest && versions.text(newest.id)
    return { newest, fileHash, text: () => text }
  } finally {
    database.close()
  }
}
