import type { z } from 'zod'
import { withAggregates } from '../core/aggregate-windows.ts'
import { withLinkTags } from '../core/link-tags.ts'
import { everyTime, type Once } from '../core/once.ts'
import type { ChirpStackDeviceConfig, DeviceBase, SourceConfig, SourceKind } from '../core/plant.ts'
import { below, type Problem } from '../core/problem.ts'
import { type DeviceTemplate, withTemplate } from '../core/template.ts'
import { type Environment, override, secretNames, unknownVariables } from './environment.ts'
import { type Finding, findingsOf } from './finding.ts'
import { type Origins, originsOf } from './origins.ts'
import type { ParseMemory, RememberingContext } from './parse-memory.ts'
import { type Group, isGroup, pathText, type Segments, segmentsOf, settingOf, valueAt } from './raw.ts'
import { type Config, configSchema } from './schema.ts'
import { keptIn, Secrets } from './secrets.ts'
import { userSchema } from './server-schema.ts'
import { sourceSchema } from './source-schema.ts'
import { templateSchema } from './template-schema.ts'
import { readYaml, type YamlFile } from './yaml-file.ts'

/** What each protocol finds wrong with its own notations; paths are relative to the source. */
export type Validators = {
  readonly [Kind in SourceKind]?: (config: Extract<SourceConfig, { kind: Kind }>, once: Once) => readonly Problem[]
} & {
  /** Paths are relative to the template. */
  readonly template?: (template: DeviceTemplate) => readonly Problem[]
  /** Of the whole plant, undefined where a source is wrong otherwise; paths are from the top. */
  readonly inputs?: (sources: readonly (SourceConfig | undefined)[]) => readonly Problem[]
}

export interface LoadOptions {
  /** The configuration, as YAML. */
  readonly text: string
  /** The same as it was read already, where it was. */
  readonly yaml?: YamlFile | undefined
  /** What was found right before, where `yaml` shares its values with others. */
  readonly memory?: ParseMemory | undefined
  /** How problems of the file as a whole name it. */
  readonly file: string
  readonly env: Environment
  /** Reads a file as UTF-8 text, for secrets; throws where it cannot. */
  readonly readFile: (path: string) => string
  readonly validators: Validators
  /** Whether a secret that is not there is a problem: yes, to run. */
  readonly requireSecrets?: boolean
}

export type Loaded =
  | {
      readonly ok: true
      readonly config: Config
      /** By the name of their variable; none unless `requireSecrets`. */
      readonly secrets: Readonly<Record<string, string>>
      readonly origins: () => Origins
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * The configuration that the file and the environment make together, or everything that is wrong with them, in the
 * order of the file: what is wrong in one place does not hide what is wrong in another. Never throws for what it reads.
 */
export function loadConfig(options: LoadOptions): Loaded {
  const { text, file, env, readFile, validators, memory, requireSecrets = false } = options
  const yaml = options.yaml ?? readYaml(text, file)
  if (!yaml.ok) return yaml
  if (!isGroup(yaml.value)) {
    const message = 'The file is not a group of settings.'
    return { ok: false, problems: [{ path: file, message, mend: 'Begin with config/penstock.example.yaml.' }] }
  }
  const { value, variables } = override(withoutAnchors(yaml.value), env, configSchema)
  const context: z.core.ParseContext<z.core.$ZodIssue> & RememberingContext = { memory }
  const parsed = configSchema.safeParse(value, context)
  const once = memory?.once ?? everyTime
  const config = parsed.success ? withTemplates(parsed.data, once) : undefined
  const sources = parsed.success ? parsed.data.sources : rightSources(value)
  const users = parsed.success ? parsed.data.opcua.users : rightUsers(value)
  const postgres = parsed.success ? parsed.data.sinks.postgres : undefined
  const data = parsed.success ? parsed.data.gateway.data : undefined
  const kept = data === undefined ? undefined : keptIn(data, readFile)
  const collected = requireSecrets
    ? new Secrets({ env, readFile, kept }).collect({ users, sources, postgres })
    : undefined
  const findings = [
    ...yaml.findings,
    ...(parsed.success ? [] : shapeFindings(parsed.error.issues, value, yaml)),
    ...templateProblems(value, validators).map(asFinding),
    ...protocolProblems(sources, validators, once).map(asFinding),
    ...(validators.inputs?.(config?.sources ?? sources.map(unlessTemplated)) ?? []).map(asFinding),
    ...(collected && !collected.ok ? collected.problems.map(asFinding) : []),
  ]
  const problems = [
    ...findings.map(locator(file, yaml, variables)),
    ...unknownVariables(env, { names: secretNames(value), certain: parsed.success }),
  ]
  if (!config || problems.length > 0) return { ok: false, problems: inOrder(problems) }
  const lineOf = (at: Segments) => yaml.placeOf(at)?.line ?? 1
  const secrets = collected?.ok ? collected.secrets : {}
  return { ok: true, config, secrets, origins: () => originsOf({ schema: configSchema, value, variables, lineOf }) }
}

/** What the schema says, except of what is only missing because it refers to nothing. */
function shapeFindings(issues: readonly z.core.$ZodIssue[], value: unknown, yaml: YamlFile): Finding[] {
  const written = { schema: configSchema, raw: value, unquotedAt: yaml.unquotedAt }
  const refused = new Set(yaml.findings.map(({ at }) => pathText(at)))
  return issues
    .flatMap((issue) => findingsOf(issue, written))
    .filter(({ at }) => valueAt(value, at) !== null || !refused.has(pathText(at)))
}

/** What begins with `x-` at the top is only there to be referred to. */
const withoutAnchors = (value: Group): Group =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !name.startsWith('x-')))

/** The sources whose settings are right, each at its position, where those of others are not. */
function rightSources(value: unknown): (SourceConfig | undefined)[] {
  const sources = settingOf(value, 'sources')
  return Array.isArray(sources) ? sources.map((raw: unknown) => sourceSchema.safeParse(raw).data) : []
}

/** Where something else is wrong, what tags a device gets of its template is open. */
const unlessTemplated = (source: SourceConfig | undefined): SourceConfig | undefined =>
  source?.kind === 'chirpstack' ? undefined : source

function rightUsers(value: unknown): (z.output<typeof userSchema> | undefined)[] {
  const users = settingOf(settingOf(value, 'opcua'), 'users')
  return Array.isArray(users) ? users.map((raw: unknown) => userSchema.safeParse(raw).data) : []
}

function protocolProblems(
  sources: readonly (SourceConfig | undefined)[],
  validators: Validators,
  once: Once,
): Problem[] {
  return sources.flatMap((source, position) => {
    if (!source) return []
    // The kind chose the validator, so the configuration is of that kind.
    const validate = validators[source.kind] as ((config: SourceConfig, once: Once) => readonly Problem[]) | undefined
    return below(`sources[${position}]`, validate?.(source, once) ?? [])
  })
}

/** Of the templates whose settings are right. */
function templateProblems(value: unknown, { template: validate }: Validators): Problem[] {
  const templates = settingOf(value, 'templates')
  if (!validate || !Array.isArray(templates)) return []
  return templates.flatMap((raw: unknown, position) => {
    const template = templateSchema.safeParse(raw).data
    return below(`templates[${position}]`, template ? validate(template) : [])
  })
}

/** With the tags of its template, those of its windows, and the standard ones, in each device that is to have them. */
function withTemplates(config: Config, once: Once): Config {
  const sources = config.sources.map((source) => {
    if (source.kind !== 'chirpstack') return withWindows(source, once)
    const devices = source.devices.map((device) => {
      if (!('devEui' in device)) return once(withAggregates, device)
      const template = config.templates.find(({ key }) => key === device.template)
      return once(completed, device, template, source.linkTags)
    })
    return { ...source, devices }
  })
  return { ...config, sources }
}

function completed(
  device: ChirpStackDeviceConfig,
  template: DeviceTemplate | undefined,
  linkTags: boolean,
): ChirpStackDeviceConfig {
  return withLinkTags(withAggregates(template ? withTemplate(device, template) : device), { linkTags })
}

/** The devices of a source are of its kind, and stay so. */
const withWindows = <Source extends { readonly devices: readonly DeviceBase[] }>(
  source: Source,
  once: Once,
): Source => ({
  ...source,
  devices: source.devices.map((device) => once(withAggregates, device)),
})

const asFinding = ({ path, ...said }: Problem): Finding => ({ at: segmentsOf(path), ...said })

/** Gives findings their path and line; one about a value from the environment names the variable instead. */
function locator(file: string, yaml: YamlFile, variables: ReadonlyMap<string, string>): (finding: Finding) => Problem {
  return ({ at, ...said }) => {
    const path = pathText(at) || file
    const variable = variables.get(path)
    return variable === undefined ? { path, ...said, ...yaml.placeOf(at) } : { path: variable, ...said }
  }
}

/** As the file has them; several rules broken by one value are said once. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const distinct = new Map(problems.map((problem) => [`${problem.path}: ${problem.message}`, problem]))
  const lineOf = (problem: Problem) => problem.line ?? Number.MAX_SAFE_INTEGER
  return [...distinct.values()].sort((one, other) => lineOf(one) - lineOf(other))
}
