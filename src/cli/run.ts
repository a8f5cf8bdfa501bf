import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beginningOf } from '../config/life.ts'
import { loadConfig } from '../config/load.ts'
import { ParsedTexts } from '../config/parsed-texts.ts'
import type { YamlFile } from '../config/yaml-file.ts'
import { systemClock } from '../core/clock.ts'
import type { SafeModeChoice } from '../gateway/care.ts'
import { ConfigurationVersions } from '../store/configuration-versions.ts'
import { openPenstockDatabase, penstockFile } from '../store/penstock-database.ts'
import { createThreadLog } from '../telemetry/logger.ts'
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
  const texts = new ParsedTexts()
  const beginning = beginOf(file, env, texts)
  const { text, name, isNew } = beginning
  const { config, secrets } = checkConfiguration(text, name, env, true, knownOf(text, texts))
  // Of a version that is there nothing has to be said, and what was read takes megabytes.
  if (!isNew) texts.forget()
  const recentLog = new RecentLog()
  const threadLog = createThreadLog(config.log.level, 'main', systemClock, recentLog.bufferOf('main'))
  const { log } = threadLog
  collectStartupGarbage()
  const configuration = {
    ...beginning,
    texts,
    check: checkOfEdits(beginning.name, process.env),
    // Only whoever asks for a support bundle pays for the doctor.
    examine: async (text: string) =>
      (await import('./doctor.ts')).examine(text, beginning.name, process.env, Date.now()),
  }
  const administrator = firstAdministrator(env)
  const gateway = await serve({ config, secrets, ...threadLog, recentLog, configuration, administrator, safeMode })
  process.on('SIGHUP', () => void gateway.configuration.reload(fileText(file), file))
  void gateway.running.then(() => log.info({ httpPort: gateway.httpPort, from: beginning.name }, 'gateway runs'))
}

const fileText = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

/** A text that is no YAML is refused by whoever knows where it comes from. */
function knownOf(text: string, texts: ParsedTexts): { readonly yaml?: YamlFile } {
  const yaml = texts.read(text)
  return yaml.ok ? { yaml } : {}
}

/** The file where it says something new, otherwise what held last. Throws ConfigurationRefused where there is neither. */
function beginOf(file: string, env: Environment, texts: ParsedTexts) {
  const text = fileText(file)
  const found = beginningOf(text, newestIn(dataFolderOf(text, file, env, texts)))
  if (!found) return { text: configurationText(file), isNew: true, name: file }
  return { ...found, name: found.isNew ? file : 'the configuration in the data folder' }
}

/** Nothing else of the file matters yet; one that is wrong is refused afterwards, as a whole. */
function dataFolderOf(
  text: string | undefined,
  file: string,
  env: Environment,
  texts: ParsedTexts,
): string | undefined {
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const given = text ?? 'sources: []'
  const loaded = loadConfig({ text: given, ...knownOf(given, texts), file, env, readFile, validators: {} })
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
