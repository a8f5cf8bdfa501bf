/** JSON Schema as the gateway describes its settings, with what people are told of them. */
export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  /** Ends the sentence "Allowed is …". */
  readonly allowed?: string
  /** One allowed value, as it is written. */
  readonly example?: string
  /** What holds without it, where that is no fixed value. */
  readonly otherwise?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
}

export type Settings = Readonly<Record<string, unknown>>

/** How a setting is given in a form. */
export type FieldKind =
  | 'flag'
  | 'choice'
  | 'number'
  | 'text'
  | 'either'
  | 'lines'
  | 'choices'
  | 'list'
  | 'group'
  | 'json'

export interface FieldOf {
  readonly name: string
  readonly schema: JsonSchema
  readonly kind: FieldKind
  readonly required: boolean
}

/** What people look for first, in this order; everything else stands below, as the schema has it. */
const first: readonly string[] = [
  'key',
  'name',
  'url',
  'tenantId',
  'transport',
  'host',
  'port',
  'serial',
  'rack',
  'slot',
  'devEui',
  'gatewayId',
  'template',
  'unitId',
  'type',
  'address',
  'expression',
  'parameters',
  'writes',
  'downlink',
  'unit',
  'poll',
  'access',
  'folder',
  'history',
  'disabled',
]
/** Things of their own, with forms of their own. */
const lists: ReadonlySet<string> = new Set(['devices', 'tags', 'commands'])

/** The fields of a group: those that people look for first, and the others. */
export function fieldsOf(schema: JsonSchema): { readonly main: readonly FieldOf[]; readonly more: readonly FieldOf[] } {
  const fields = Object.entries(schema.properties ?? {})
    .filter(([name, { type }]) => name !== 'kind' && !(lists.has(name) && type === 'array'))
    .map(([name, each]) => ({
      name,
      schema: each,
      kind: kindOf(each),
      required: schema.required?.includes(name) ?? false,
    }))
  const rank = ({ name, required }: FieldOf) =>
    first.includes(name) ? first.indexOf(name) : required ? first.length : -1
  const main = fields.filter((field) => rank(field) >= 0).toSorted((one, other) => rank(one) - rank(other))
  return { main, more: fields.filter((field) => rank(field) < 0) }
}

/** Whether a setting means anything beside the others: a serial line has no host, a device in the network no parity. */
export function isMeant(name: string, settings: Settings): boolean {
  if (settings[name] !== undefined || !['host', 'port', 'tls', 'serial'].includes(name)) return true
  const isSerial = settings.transport === 'rtu' || settings.transport === 'ascii'
  if (name === 'tls') return settings.transport === 'tls' || settings.kind === 'chirpstack'
  return name === 'serial' ? isSerial : !isSerial
}

/** What a setting is for, as people read it. */
export const helpOf = ({ description = '' }: JsonSchema): string => description.replaceAll('`', '')

export function kindOf({ type, enum: choices, anyOf, items, properties }: JsonSchema): FieldKind {
  if (choices) return 'choice'
  if (type === 'boolean') return 'flag'
  if (type === 'number' || type === 'integer') return 'number'
  if (type === 'string') return 'text'
  if (type === 'object' && properties) return 'group'
  if (type === 'array' && items) {
    const kind = kindOf(items)
    if (kind === 'text') return 'lines'
    if (kind === 'choice') return 'choices'
    if (kind === 'group') return 'list'
  }
  const plain = anyOf?.every((each) => ['flag', 'number', 'text', 'choice'].includes(kindOf(each)))
  return plain ? 'either' : 'json'
}

/** The schema of a thing at a place such as `sources/line/devices/pump`, whose source is of that kind. */
export function schemaOfThing(root: JsonSchema, at: string, kind: string): JsonSchema | undefined {
  let schema: JsonSchema | undefined = root
  for (const [depth, name] of at.split('/').entries()) {
    if (!schema) return undefined
    schema = depth % 2 === 0 ? schema.properties?.[name]?.items : schema
    schema = schema?.oneOf?.find(({ properties }) => properties?.kind?.const === kind) ?? schema
  }
  return schema
}

/** What holds where nothing is given, or how it would look. */
export function hintOf({ default: preset, otherwise, example }: JsonSchema): {
  readonly preset?: string
  readonly example?: string
} {
  if (preset !== undefined && typeof preset !== 'object') return { preset: String(preset) }
  if (otherwise !== undefined) return { preset: otherwise }
  return example === undefined ? {} : { example: example.replace(/^(["'])(.*)\1$/, '$2') }
}

/** A setting as a text field shows it. */
export function shownText(value: unknown, kind: FieldKind): string {
  if (value === undefined || value === null) return ''
  if (kind === 'lines' && Array.isArray(value)) return value.join('\n')
  if (kind === 'json' || typeof value === 'object') return JSON.stringify(value, null, 2)
  return String(value)
}

/** What a text field says, as it is written in the configuration; undefined: nothing. Throws SyntaxError for bad JSON. */
export function givenSetting(text: string, { kind, schema }: Pick<FieldOf, 'kind' | 'schema'>): unknown {
  if (text.trim() === '') return undefined
  if (kind === 'either' && isFlag(text) && schema.anyOf?.some(({ type }) => type === 'boolean'))
    return text.trim() === 'true'
  if (kind === 'number' || kind === 'either') return isNumber(text) ? Number(text) : text
  if (kind === 'choice') return schema.enum?.find((each) => String(each) === text) ?? text
  if (kind === 'flag') return text === 'true'
  if (kind === 'json') return JSON.parse(text) as unknown
  if (kind !== 'lines') return text
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '')
}

const isFlag = (text: string): boolean => /^\s*(?:true|false)\s*$/.test(text)

const isNumber = (text: string): boolean => /^\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(text)

/** Settings with one of them changed; undefined leaves it out, and with it groups that would be empty. */
export function withSetting(settings: Settings, name: string, value: unknown): Settings {
  const { [name]: _, ...others } = settings
  const isEmpty =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  return value === undefined || isEmpty ? others : { ...others, [name]: value }
}

/** `unitId` is `Unit id`. */
export const humanised = (name: string): string =>
  name
    .replace(/^[a-z]/, (letter) => letter.toUpperCase())
    .replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
