import type { Loaded } from '../../config/load.ts'
import { isGroup } from '../../config/raw.ts'
import type { SourceConfig } from '../../core/plant.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'

/** Checks a text as a configuration, without asking for its secrets. */
export type Check = (text: string) => Loaded

type Raw = Readonly<Record<string, unknown>>

export interface TriedSource {
  readonly source: SourceConfig
  /** The definition names no tenant, and whatever stands there means none. */
  readonly withoutTenant: boolean
  /** Devices and tags that are left out, since something is wrong with them, in words. */
  readonly leftOut: readonly string[]
}

/** No tenant has this id (RFC 9562 §5.9). */
const NO_TENANT = '00000000-0000-0000-0000-000000000000'

/**
 * The source that a form describes, as it would run; or everything that is wrong with how it is reached. What is wrong
 * with its devices keeps nobody from trying the connection: they are left out.
 */
export function triedSource(raw: Raw, check: Check): TriedSource | { readonly problems: readonly string[] } {
  const isChirpstack = raw.kind === 'chirpstack'
  const withoutTenant = isChirpstack && (raw.tenantId === undefined || raw.tenantId === '')
  const { rules, devices, ...own } = raw
  const named = { key: 'new', ...own, ...(withoutTenant ? { tenantId: NO_TENANT } : {}), disabled: false }
  const whole = isChirpstack
    ? rules === undefined
      ? named
      : { ...named, rules }
    : { ...named, devices: devices ?? [] }
  const leftOut: string[] = []
  for (const each of [whole, withoutTags(whole), { ...named, devices: [] }]) {
    const loaded = check(JSON.stringify({ sources: [each] }))
    const [source] = loaded.ok ? loaded.config.sources : []
    if (source) return { source, withoutTenant, leftOut }
    const problems = loaded.ok ? [] : loaded.problems
    const inside = problems.filter(isInside)
    if (inside.length < problems.length) return { problems: problems.filter((each) => !isInside(each)).map(inWords) }
    if (leftOut.length === 0) leftOut.push(...inside.map(inWords))
  }
  return { problems: leftOut }
}

const isInside = ({ path }: Problem): boolean => /^sources\[0\]\.(?:devices|rules)\b/.test(path)

/** Of a text that nobody wrote a line means nothing. */
const inWords = ({ line: _line, column: _column, ...problem }: Problem): string =>
  formatProblem({ ...problem, path: problem.path.replace(/^sources\[0\]\.?/, '') || 'source' })

function withoutTags(raw: Raw): Raw {
  const { rules: _rules, ...rest } = raw
  const devices = Array.isArray(raw.devices) ? raw.devices : []
  return { ...rest, devices: devices.map((device: unknown) => (isGroup(device) ? { ...device, tags: [] } : device)) }
}
