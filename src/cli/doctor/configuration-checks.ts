import type { Loaded } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { secretsOf } from '../../config/secrets.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import { addressDoubts, tlsWarnings } from '../check-config.ts'
import { type Environment, loadText } from '../configuration.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** The configuration where it can be used at all, be it without its secrets, and what is wrong with both. */
export async function checkConfigurationText(
  text: string,
  file: string,
  env: Environment,
): Promise<{ readonly config: Config | undefined; readonly findings: readonly Finding[] }> {
  const shape = loadText(text, file, env, false)
  const complete = loadText(text, file, env, true)
  if (!shape.ok) {
    const problems = complete.ok ? shape.problems : complete.problems
    const findings = problems.map((each) => problem('configuration', placed(each), each.mend))
    return { config: undefined, findings }
  }
  const { config } = shape
  const devices = config.sources.reduce((sum, source) => sum + source.devices.length, 0)
  const inOrder = ok('configuration', `${file} is in order: ${config.sources.length} sources, ${devices} devices`)
  // Without its secrets, the files of TLS cannot be looked at.
  const doubts = [...(complete.ok ? await tlsWarnings(complete) : []), ...addressDoubts(config).flat()]
  const warnings = doubts.map((doubt) => warning('configuration', sentence(doubt), 'penstock check-config says more.'))
  return { config, findings: [inOrder, ...warnings, ...secretFindings(complete, config)] }
}

function secretFindings(complete: Loaded, config: Config): Finding[] {
  const uses = secretsOf({
    users: config.opcua.users,
    sources: config.sources,
    postgres: config.sinks.postgres,
  }).filter(({ needed }) => needed)
  const variables = [...new Set(uses.map(({ variable }) => variable))]
  return [
    ...(complete.ok
      ? [ok('secrets', `${variables.length} that the configuration names are there`)]
      : complete.problems.map(({ message, mend }) => problem('secrets', sentence(message), mend))),
  ]
}

const placed = (said: Problem): string => sentence(formatProblem({ ...said, mend: '' }).trim())

/** Without its full stop: what to do follows. */
const sentence = (text: string): string => text.replace(/\.$/, '')
