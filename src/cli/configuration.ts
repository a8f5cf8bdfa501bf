import { readFileSync } from 'node:fs'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { Secrets } from '../config/secrets.ts'
import { describeError } from '../core/errors.ts'
import { formatProblem, type Problem } from '../core/problem.ts'
import { sourceTypes } from '../engine/source-types.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A configuration that may run: checked in every part, with the secrets it names. */
export interface Configuration {
  readonly config: Config
  readonly secrets: Readonly<Record<string, string>>
}

/** What is wrong with a configuration, a line for each problem, for whoever wrote it. */
export class ConfigurationRefused extends Error {
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super([`${file}: ${count}`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n'))
    this.name = 'ConfigurationRefused'
    this.problems = problems
  }
}

/** Reads a file as `run` does; throws ConfigurationRefused with everything that is wrong. */
export function readConfiguration(file: string, env: Environment): Configuration {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const mend = 'Give the path of the configuration; config/penstock.example.yaml is one to begin with.'
    throw new ConfigurationRefused(file, [{ path: file, message: `Cannot be read (${describeError(error)}).`, mend }])
  }
  return checkConfiguration(text, file, env)
}

/** The same for a text that stands in no file. */
export function checkConfiguration(text: string, file: string, env: Environment): Configuration {
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const { chirpstack, modbus, s7 } = sourceTypes
  const loaded = loadConfig({
    text,
    file,
    env,
    readFile,
    requireSecrets: true,
    validators: {
      chirpstack: (config) => chirpstack.validate(config),
      modbus: (config) => modbus.validate(config),
      s7: (config) => s7.validate(config),
    },
  })
  if (!loaded.ok) throw new ConfigurationRefused(file, loaded.problems)
  const collected = new Secrets({ env, readFile }).collect(loaded.config)
  if (!collected.ok) throw new ConfigurationRefused(file, collected.problems)
  return { config: loaded.config, secrets: collected.secrets }
}
