import type { Milliseconds } from '../core/clock.ts'
import { isOwned } from '../store/data-folder-lock.ts'
import type { Output } from './client/options.ts'
import { configurationText, type Environment } from './configuration.ts'
import { checkConfigurationText } from './doctor/configuration-checks.ts'
import type { Finding } from './doctor/finding.ts'
import { checkDataFolder } from './doctor/folder-checks.ts'
import { checkCertificate, checkClock, checkHostnames } from './doctor/identity-checks.ts'
import { checkPorts, checkSources } from './doctor/network-checks.ts'
import { checkPostgres } from './doctor/postgres-checks.ts'
import { checkWeb } from './doctor/web-checks.ts'

export interface DoctorOptions {
  readonly config: string
  readonly json: boolean
}

/**
 * `penstock doctor`: looks at everything that a gateway of this configuration needs, whether it runs or not, and says
 * of each how it is and what to do. Nothing is changed: ports are bound and given back, sources are connected to and
 * sent nothing. Answers 1 where there is a problem, otherwise 0. Throws ConfigurationRefused without the file.
 */
export async function doctor(
  { config, json }: DoctorOptions,
  env: Environment,
  now: Milliseconds,
  output: Output,
): Promise<number> {
  const findings = await examine(configurationText(config), config, env, now)
  const problems = findings.filter(({ state }) => state === 'problem').length
  const warnings = findings.filter(({ state }) => state === 'warning').length
  if (json) output.line(JSON.stringify({ ok: problems === 0, findings }, null, 2))
  else {
    for (const finding of findings) output.line(inWords(finding))
    output.line(`${counted(problems, 'problem')}, ${counted(warnings, 'warning')}`)
  }
  return problems === 0 ? 0 : 1
}

/** What the doctor says of a configuration with this text; `file` is only its name. */
export async function examine(
  text: string,
  file: string,
  env: Environment,
  now: Milliseconds,
): Promise<readonly Finding[]> {
  const { config, findings } = await checkConfigurationText(text, file, env)
  const clock = checkClock(now)
  if (!config) return [...findings, clock]
  const dataFolder = config.gateway.data
  const owned = isOwned(dataFolder)
  return [
    ...findings,
    clock,
    ...(await checkDataFolder(dataFolder, owned)),
    ...(await checkPorts(config, owned)),
    ...(await checkHostnames(config.opcua)),
    checkCertificate(dataFolder, config.opcua, now),
    ...(await checkWeb(config, now)),
    ...(await checkSources(config, env)),
    ...(await checkPostgres(config, env)),
  ]
}

const inWords = ({ check, state, text, mend }: Finding): string =>
  `${state.padEnd(8)} ${check.padEnd(13)} ${text}${mend === '' ? '' : `. ${mend}`}`

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
