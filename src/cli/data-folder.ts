import { existsSync, readFileSync } from 'node:fs'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { configurationText, type Environment } from './configuration.ts'
import { ConfigurationRefused } from './configuration-refused.ts'

/** Where the gateway of this configuration keeps its data; nothing else of the configuration matters, nor its secrets. */
export const dataFolderOf = (file: string, env: Environment): string => loadSettings(file, env).gateway.data

/** Where the gateway of this configuration answers on its own machine. */
export const localUrlOf = (file: string, env: Environment): string =>
  `http://127.0.0.1:${loadSettings(file, env).http.port}`

/** The same, for what needs no configuration: without one, where a gateway answers by default. */
export const gatewayUrl = (file: string, env: Environment): string =>
  existsSync(file) ? localUrlOf(file, env) : DEFAULT_URL

/** Where a gateway answers that is not told otherwise. */
export const DEFAULT_URL = 'http://127.0.0.1:8080'

function loadSettings(file: string, env: Environment): Config {
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const loaded = loadConfig({ text: configurationText(file), file, env, readFile, validators: {} })
  if (!loaded.ok) throw new ConfigurationRefused(file, loaded.problems)
  return loaded.config
}
