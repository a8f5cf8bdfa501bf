import { type Loaded, type LoadOptions, loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { formatProblem, type Problem } from '../../../src/core/problem.ts'

const unreadable = (): string => {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
}

/** Loads a configuration as the gateway does, with nothing in the environment unless given. */
export const load = (text: string, options: Partial<LoadOptions> = {}): Loaded =>
  loadConfig({ text, file: 'plant.yaml', env: {}, readFile: unreadable, validators: {}, ...options })

export function configOf(text: string, options: Partial<LoadOptions> = {}): Config {
  const loaded = load(text, options)
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return loaded.config
}

export function problemsOf(text: string, options: Partial<LoadOptions> = {}): readonly Problem[] {
  const loaded = load(text, options)
  return loaded.ok ? [] : loaded.problems
}

export const linesOf = (text: string, options: Partial<LoadOptions> = {}): string[] =>
  problemsOf(text, options).map(formatProblem)

/** A configuration of one Modbus source whose device has these settings. */
export const modbusPlant = (device: string): string => `
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices:
      - { key: meter, unitId: 1, ${device} }
`
