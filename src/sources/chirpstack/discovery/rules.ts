import type { DiscoveryRule } from '../../../core/template.ts'
import type { MirroredDevice } from '../mirror.ts'
import { matchesGlob } from './glob.ts'

export interface MatchedRule {
  readonly rule: DiscoveryRule
  /** In the list, counted from 0. */
  readonly position: number
}

/** The first rule that matches the device; `application` is the name of its application. */
export function firstMatch(
  rules: readonly DiscoveryRule[],
  device: MirroredDevice,
  application: string,
): MatchedRule | undefined {
  const position = rules.findIndex((rule) => matches(rule, device, application))
  const rule = rules[position]
  return rule && { rule, position }
}

/** Applications and profiles by name or by their exact id; what a rule does not say matches everything. */
function matches(rule: DiscoveryRule, device: MirroredDevice, application: string): boolean {
  const { applicationId, profileId, profileName, name, tags } = device
  if (rule.application !== undefined && !fits(rule.application, application, applicationId)) return false
  if (rule.profile !== undefined && !fits(rule.profile, profileName, profileId)) return false
  if (rule.name !== undefined && !matchesGlob(rule.name, name)) return false
  return Object.entries(rule.tags ?? {}).every(
    ([key, pattern]) => Object.hasOwn(tags, key) && matchesGlob(pattern, tags[key] ?? ''),
  )
}

const fits = (pattern: string, name: string, id: string): boolean =>
  pattern.toLowerCase() === id.toLowerCase() || matchesGlob(pattern, name)

/** What the rule asks for, in words: `application "Building", name "Hall*"`. */
export function describeRule({ application, profile, name, tags }: DiscoveryRule): string {
  const quoted = (what: string, pattern: string | undefined) => (pattern === undefined ? [] : [`${what} "${pattern}"`])
  const parts = [
    ...quoted('application', application),
    ...quoted('profile', profile),
    ...quoted('name', name),
    ...Object.entries(tags ?? {}).map(([key, pattern]) => `tag ${key} "${pattern}"`),
  ]
  return parts.length > 0 ? parts.join(', ') : 'every device'
}
