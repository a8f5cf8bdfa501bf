import { readFileSync } from 'node:fs'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { configurationText, type Environment } from './configuration.ts'
import { ConfigurationRefused } from './configuration-refused.ts'

/** Where the gateway of this configuration keeps its data; nothing else of the configuration matters, nor its secrets. */
export const dataFolderOf = (file: string, env: Environment): string => loadSettings(file, env).gateway.data

/** The settings of the gateway of this configuration, without its secrets. */
export function loadSettings(file: string, env: Environment): Config {
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const loaded = loadConfig({ text: configurationText(file), file, env, readFile, validators: {} })
  if (!loaded.ok) throw new ConfigurationRefused(file, loaded.problems)
  return loaded.config
}
