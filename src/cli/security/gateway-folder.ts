import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import type { Actor } from '../../core/command.ts'
import { isOwned, lockDataFolder } from '../../store/data-folder-lock.ts'
import { configurationText, type Environment } from '../configuration.ts'
import { ConfigurationRefused } from '../configuration-refused.ts'

export interface AdministeredFlags {
  readonly config: string
  /** The data folder, where it is not that of the configuration. */
  readonly data?: string | undefined
}

/** What is said of a gateway whose data folder alone is named. */
const NO_CONFIGURATION = 'sources: []'

/** The configuration of a gateway whose security is administered, without its secrets. */
export function administered({ config: file, data }: AdministeredFlags, env: Environment): Config {
  const loaded = loadConfig({
    text: data === undefined || existsSync(file) ? configurationText(file) : NO_CONFIGURATION,
    file,
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    requireSecrets: false,
    validators: {},
  })
  if (!loaded.ok) throw new ConfigurationRefused(file, loaded.problems)
  const { config } = loaded
  return data === undefined ? config : { ...config, gateway: { ...config.gateway, data } }
}

/** Whether a gateway runs on this data folder, which then has to be asked. */
export const isRunning = (config: Config): boolean => isOwned(config.gateway.data)

/** Does something to the data folder of a gateway that is stopped, as its only owner. */
export async function asOwner<Result>(config: Config, action: () => Promise<Result> | Result): Promise<Result> {
  const lock = lockDataFolder(config.gateway.data)
  try {
    return await action()
  } finally {
    lock.release()
  }
}

/** Whoever may write the files of the gateway, by the name that the system knows. */
export const fileOwner = (): Actor => ({ user: userInfo().username, origin: 'cli' })
