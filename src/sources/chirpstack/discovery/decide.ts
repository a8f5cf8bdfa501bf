import { isDeepStrictEqual } from 'node:util'
import { withAggregates } from '../../../core/aggregate-windows.ts'
import type { DriftEntry, Proposal } from '../../../core/drift.ts'
import type { HistoryConfig } from '../../../core/history-policy.ts'
import { withLinkTags } from '../../../core/link-tags.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig } from '../../../core/plant.ts'
import { AUTO_TEMPLATE, type DeviceTemplate, type DiscoveryRule, withTemplate } from '../../../core/template.ts'
import type { MirroredDevice, MirroredProfile } from '../mirror.ts'
import { autoTags } from './derive.ts'
import { deviceDrift, type Looked } from './device-drift.ts'
import { groupsWithoutDevice } from './group-drift.ts'
import { applicationName } from './inventory-change.ts'
import { describeRule, firstMatch } from './rules.ts'
import type { DiscoveryState, KnownDevice } from './state.ts'

export interface DecideInput {
  readonly source: ChirpStackSourceConfig
  readonly templates: readonly DeviceTemplate[]
  readonly state: DiscoveryState
  /** Keys of the devices of all other sources. */
  readonly takenKeys: ReadonlySet<string>
  /** What was found before: a device that stays as it is will be the same object. */
  readonly before?: readonly ChirpStackDeviceConfig[] | undefined
}

export interface Decision {
  /** What the source serves: the configured devices in their order, then those that were found, by DevEUI. */
  readonly devices: ChirpStackSourceConfig['devices']
  readonly found: readonly ChirpStackDeviceConfig[]
  readonly proposals: readonly Proposal[]
  readonly drift: readonly DriftEntry[]
}

/** How long a lost value of a discovered device stays Uncertain unless its template says otherwise, as configured ones. */
const BAD_AFTER_MS = 600_000

/** Devices that ChirpStack does not have and for which one of nearly the same DevEUI is looked for: it takes a while. */
const MOST_LOOKED_FOR = 20

/**
 * What a source should serve, of what the operator configured and what ChirpStack has; and where the two differ.
 * A configured device always wins over the rules. Without any inventory, the configured devices are all there is.
 * The same input always gives the same answer.
 */
export function decide(input: DecideInput): Decision {
  const steps = deciding(input)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same, device by device: each step is one of them, so that thousands do not hold up whoever waits. */
export function* deciding(input: DecideInput): Generator<undefined, Decision> {
  const { source, templates, state } = input
  const known = new Map(state.devices.map((device) => [device.devEui, device]))
  const profiles = new Map(state.mirror?.profiles.map((profile) => [profile.id, profile]))
  const mirrored = new Map(state.mirror?.devices.map((device) => [device.devEui, device]))
  const before = new Map(input.before?.map((device) => [device.devEui, device]))
  let lookedFor = 0
  const outcome: Outcome = { served: [], proposals: [], drift: [] }
  const lookAt = (config: ChirpStackDeviceConfig, origin: Looked['origin']) => {
    const listed = mirrored.get(config.devEui)
    const profile = profiles.get(listed?.profileId ?? '')
    const lookFor = !listed && lookedFor++ < MOST_LOOKED_FOR
    const looked = { config, origin, listed, profile, known: known.get(config.devEui), state, lookFor }
    outcome.drift.push(...deviceDrift(looked))
  }
  const configured: ChirpStackSourceConfig['devices'][number][] = []
  const handled = new Set<string>()
  for (const device of source.devices) {
    if (!('devEui' in device)) configured.push(device)
    else {
      const template = templates.find(({ key }) => key === device.template)
      const config = withLinkTags(template ? withTemplate(device, template) : device, source)
      configured.push(config)
      handled.add(config.devEui.toLowerCase())
      lookAt(config, 'configured')
    }
    yield
  }
  const taken = new Set([...input.takenKeys, ...configured.map(({ key }) => key)])
  for (const device of state.mirror?.devices ?? []) {
    if (handled.has(device.devEui)) continue
    const profile = profiles.get(device.profileId)
    const { served, template } = judge({ device, profile, known: known.get(device.devEui), taken }, input, outcome)
    if (served) {
      const known = before.get(served.devEui)
      outcome.served.push(isDeepStrictEqual(known, served) && known ? known : served)
      lookAt(served, template === AUTO_TEMPLATE ? 'learned' : 'template')
    }
    yield
  }
  outcome.drift.push(...groupsWithoutDevice(source, state.mirror))
  const { served: found, proposals, drift } = outcome
  return { devices: [...configured, ...found], found, proposals, drift }
}

interface Outcome {
  readonly served: ChirpStackDeviceConfig[]
  readonly proposals: Proposal[]
  readonly drift: DriftEntry[]
}

interface Candidate {
  readonly device: MirroredDevice
  readonly profile: MirroredProfile | undefined
  readonly known: KnownDevice | undefined
  readonly taken: ReadonlySet<string>
}

/** The device as it is to be served; or not, with why in `outcome`. */
function judge(
  candidate: Candidate,
  { source, templates, state }: DecideInput,
  outcome: Outcome,
): { served?: ChirpStackDeviceConfig; template?: string } {
  const { device, profile, known, taken } = candidate
  const { devEui, name } = device
  const tell = (kind: DriftEntry['kind'], reason: string, mend: string) => {
    outcome.drift.push({ kind, devEui, name, reason, mend })
    return {}
  }
  const application = state.mirror ? applicationName(state.mirror, device.applicationId) : ''
  const place = `the application "${application}", with the profile "${device.profileName}"`
  const match = firstMatch(source.rules ?? [], device, application)
  if (!match) {
    const reason = `It is in ${place}, and no rule of the source "${source.key}" matches it.`
    return tell('unmapped', reason, `Add a rule or a device for it to the source, or a rule with "ignore: true".`)
  }
  const { rule, position } = match
  if (rule.ignore || rule.template === undefined) return {}
  const why = `rules[${position}] (${describeRule(rule)}) matches: it is in ${place}.`
  if (source.rejected?.includes(devEui)) {
    const mend = 'Take its DevEUI out of `rejected` of the source to have it served after all.'
    return tell('rejected', `${why} The source rejects it.`, mend)
  }
  if (rule.accept === 'propose' && !source.accepted?.includes(devEui)) {
    const { template } = rule
    outcome.proposals.push({ devEui, name, application, profile: device.profileName, rule: position, template, why })
    return tell(
      'proposed',
      `${why} The rule only proposes what it matches.`,
      'Write its DevEUI into `accepted` or `rejected` of the source.',
    )
  }
  if (taken.has(devEui)) {
    const reason = `Its key would be its DevEUI, ${devEui}, and another device of the plant has this key.`
    return tell('key_clash', reason, 'Give the other device another key, or configure this one by hand.')
  }
  const template = templates.find(({ key }) => key === rule.template)
  if (!template && rule.template !== AUTO_TEMPLATE) {
    const reason = `${why} Its template "${rule.template}" is not there.`
    return tell('template_missing', reason, 'Add the template, or name another one in the rule.')
  }
  const tags = template ? template.tags : autoTags(known?.tags ?? [], profile)
  return {
    served: withLinkTags(withAggregates(discovered(device, rule, template, tags)), source),
    template: rule.template,
  }
}

/** Name, description and state follow ChirpStack's; the DevEUI is the key, since nothing else of it stays the same. */
function discovered(
  { devEui, name, description, disabled }: MirroredDevice,
  { folder }: DiscoveryRule,
  template: DeviceTemplate | undefined,
  tags: DeviceTemplate['tags'],
): ChirpStackDeviceConfig {
  const { manufacturer, model, staleAfterMs, badAfterMs = BAD_AFTER_MS } = template ?? {}
  return {
    key: devEui,
    name: name.trim() === '' ? devEui : name,
    ...(description === '' ? {} : { description }),
    ...(folder === undefined ? {} : { folder }),
    disabled: disabled ?? false,
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(model === undefined ? {} : { model }),
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    badAfterMs,
    ...historyOf(template),
    devEui,
    ...(template ? { template: template.key } : {}),
    tags,
  }
}

/** As the template has it; what it does not say stays unsaid. */
function historyOf(template: DeviceTemplate | undefined): HistoryConfig {
  const { history, historyIntervalMs, historyHeartbeatMs, aggregates } = template ?? {}
  return {
    ...(history === undefined ? {} : { history }),
    ...(historyIntervalMs === undefined ? {} : { historyIntervalMs }),
    ...(historyHeartbeatMs === undefined ? {} : { historyHeartbeatMs }),
    ...(aggregates === undefined ? {} : { aggregates }),
  }
}
