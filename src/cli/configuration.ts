import { readFileSync } from 'node:fs'
import { type Loaded, type LoadOptions, loadConfig } from '../config/load.ts'
import type { Origins } from '../config/origins.ts'
import { ParseMemory } from '../config/parse-memory.ts'
import type { Config } from '../config/schema.ts'
import type { YamlFile } from '../config/yaml-file.ts'
import { describeError } from '../core/errors.ts'
import { sourceTypes } from '../engine/source-types.ts'
import { validateInputs } from '../sources/calculated/validate-inputs.ts'
import { validateTemplate } from '../sources/chirpstack/validate-template.ts'
import { ConfigurationRefused } from './configuration-refused.ts'
import { readSecretFile } from './secret-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A configuration that may run: checked in every part, with the secrets it names. */
export interface Configuration {
  readonly config: Config
  /** Where each setting came from. */
  readonly origins: () => Origins
  /** By variable; none where they were not required. */
  readonly secrets: Readonly<Record<string, string>>
}

/** Reads a file as `run` does; throws ConfigurationRefused with everything that is wrong. */
export function readConfiguration(file: string, env: Environment, requireSecrets = true): Configuration {
  return checkConfiguration(configurationText(file), file, env, requireSecrets)
}

/** The file as it stands; throws ConfigurationRefused where it cannot be read. */
export function configurationText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const mend = 'Give the path of the configuration; config/penstock.example.yaml is one to begin with.'
    throw new ConfigurationRefused(file, [{ path: file, message: `Cannot be read (${describeError(error)}).`, mend }])
  }
}

/** The same for a text that stands in no file. */
export function checkConfiguration(
  text: string,
  file: string,
  env: Environment,
  requireSecrets = true,
  known: Pick<LoadOptions, 'yaml'> = {},
): Configuration {
  const loaded = loadText(text, file, env, requireSecrets, known)
  if (!loaded.ok) throw new ConfigurationRefused(file, loaded.problems)
  const { config, secrets, origins } = loaded
  return { config, secrets, origins }
}

/** Everything that is wrong with it, or the configuration; never throws for what stands in it. */
export function loadText(
  text: string,
  file: string,
  env: Environment,
  requireSecrets = true,
  known: Pick<LoadOptions, 'yaml' | 'memory'> = {},
): Loaded {
  const { chirpstack, modbus, s7, calculated } = sourceTypes
  return loadConfig({
    text,
    ...known,
    file,
    env,
    readFile: readSecretFile,
    requireSecrets,
    validators: {
      chirpstack: (config, once) => chirpstack.validate(config, once),
      modbus: (config, once) => modbus.validate(config, once),
      s7: (config, once) => s7.validate(config, once),
      calculated: (config, once) => calculated.validate(config, once),
      template: validateTemplate,
      inputs: validateInputs,
    },
  })
}

/** Checks one configuration after another, of which each is the one before with an edit, and no part twice. */
export function checkOfEdits(
  file: string,
  env: Environment,
  requireSecrets = true,
): (text: string, yaml?: YamlFile) => Loaded {
  const memory = new ParseMemory()
  return (text, yaml) => loadText(text, file, env, requireSecrets, { yaml, memory })
}
