import { readFileSync } from 'node:fs'
import { loadConfig } from '../config/load.ts'
import { configurationText, type Environment } from './configuration.ts'
import { ConfigurationRefused } from './configuration-refused.ts'

/** Where the gateway of this configuration keeps its data; nothing else of the configuration matters, nor its secrets. */
export function dataFolderOf(file: string, env: Environment): string {
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const loaded = loadConfig({ text: configurationText(file), file, env, readFile, validators: {} })
  if (!loaded.ok) throw new ConfigurationRefused(file, loaded.problems)
  return loaded.config.gateway.data
}
