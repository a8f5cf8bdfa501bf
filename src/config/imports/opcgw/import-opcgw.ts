import { parse, TomlError } from 'smol-toml'
import { isGroup } from '../../raw.ts'
import {
  type Imported,
  type ImportedDevice,
  type ImportedTag,
  Notes,
  type Settings,
  UnreadableImport,
} from '../imported.ts'
import { KeyBook } from '../key-book.ts'
import { commandsOf } from './opcgw-commands.ts'
import { sayOfOthers } from './opcgw-settings.ts'
import { flagIn, listIn, numberIn, textIn } from './values.ts'

const DEEPEST = 50
const LONGEST_NAME = 200

/** What a `metric_type` is here; opcgw reads whole numbers of 64 bits, and numbers as ChirpStack has them. */
const types: Readonly<Record<string, string>> = { Float: 'Double', Int: 'Int64', Bool: 'Boolean', String: 'String' }

/**
 * One ChirpStack source of the `config.toml` of opcgw 2.x, or of its export: applications become folders, with their
 * devices, metrics and commands. Yields after each device. Secrets are not taken over. Throws UnreadableImport.
 */
export function* importOpcgw(text: string): Generator<void, Imported> {
  const document = read(text)
  const notes = new Notes()
  const applications = listIn(document, 'application')
  const chirpstack = isGroup(document.chirpstack) ? document.chirpstack : {}
  if (applications.length === 0 && !isGroup(document.chirpstack))
    throw new UnreadableImport(
      'There is neither [chirpstack] nor [[application]] in it: is it the config.toml of opcgw, or its export?',
    )
  const url = textIn(chirpstack, 'server_address')
  const tenantId = textIn(chirpstack, 'tenant_id')
  const key = 'chirpstack'
  sayOfOthers(document, key, notes)
  const missing = [...(url === undefined ? ['server_address'] : []), ...(tenantId === undefined ? ['tenant_id'] : [])]
  if (missing.length > 0)
    throw new UnreadableImport(
      `[chirpstack] has no ${missing.join(' and no ')}. Write ${missing.length > 1 ? 'them' : 'it'} into the file: they may come from the environment or from the web pages there.`,
    )
  const keys = new KeyBook()
  const devices: ImportedDevice[] = []
  for (const application of applications) {
    const path = textIn(application, 'application_name') ?? textIn(application, 'application_id') ?? '?'
    const folder = path.replaceAll('/', '-').trim().slice(0, LONGEST_NAME)
    for (const device of listIn(application, 'device')) {
      const made = deviceOf(device, { path, folder, keys, notes })
      if (made) devices.push(made)
      yield
    }
  }
  const settings = { key, kind: 'chirpstack', url, tenantId }
  return { sources: [{ path: 'chirpstack', kind: 'chirpstack', settings, devices }], notes: notes.all }
}

function read(text: string): Readonly<Record<string, unknown>> {
  try {
    const plain = text.replace(/^\uFEFF/, '')
    return parse(plain, { maxDepth: DEEPEST, unsafeKeyBehaviour: 'throw', integersAsBigInt: 'asNeeded' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [message = 'not understood'] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
    throw new UnreadableImport(`It is no TOML: ${message} (line ${error.line}, column ${error.column}).`, error.line)
  }
}

interface Within {
  readonly path: string
  readonly folder: string
  readonly keys: KeyBook
  readonly notes: Notes
}

function deviceOf(device: unknown, { path: application, folder, keys, notes }: Within): ImportedDevice | undefined {
  const devEui = textIn(device, 'device_id')
  const name = textIn(device, 'device_name') ?? devEui ?? '?'
  const at = { path: `${application}.${name}` }
  if (devEui === undefined || !/^[0-9A-Fa-f]{16}$/.test(devEui)) {
    notes.add(
      'leftOut',
      at,
      `Its device_id is no DevEUI of 16 hexadecimal digits: "${(devEui ?? '').slice(0, 60)}". All of it is left out.`,
    )
    return undefined
  }
  const key = keys.take(name, `device-${devEui.toLowerCase()}`)
  const own = new KeyBook()
  const metrics = [...listIn(device, 'read_metric'), ...listIn(device, 'metric')]
  const tags = metrics.flatMap((metric) => tagOf(metric, { path: at.path, keys: own, notes }) ?? [])
  const commands = commandsOf(listIn(device, 'command'), { path: at.path, keys: own, notes })
  const stale = numberIn(device, 'stale_threshold_seconds')
  if (flagIn(device, 'source_timestamp_server') === true)
    notes.add(
      'changed',
      at,
      'source_timestamp_server: values have the time of the device here, never that of reading them.',
    )
  const settings: Settings = {
    key,
    ...(name === key ? {} : { name: name.slice(0, LONGEST_NAME) }),
    ...(folder === '' ? {} : { folder }),
    devEui: devEui.toLowerCase(),
    ...(stale !== undefined && stale >= 1 ? { staleAfter: `${Math.round(stale)}s` } : {}),
    ...(commands.length > 0 ? { commands } : {}),
  }
  return { path: at.path, settings, tags }
}

function tagOf(metric: unknown, { path, keys, notes }: Omit<Within, 'folder'>): ImportedTag | undefined {
  const name = textIn(metric, 'metric_name') ?? '?'
  const field = textIn(metric, 'chirpstack_metric_name')
  const type = types[textIn(metric, 'metric_type') ?? '']
  const at = { path: `${path}.${name}` }
  if (field === undefined || type === undefined) {
    const what =
      field === undefined
        ? 'It has no chirpstack_metric_name.'
        : 'Its metric_type is none of Float, Int, Bool and String.'
    notes.add('leftOut', at, what)
    return undefined
  }
  const key = keys.take(name, 'metric')
  const unit = textIn(metric, 'metric_unit')?.slice(0, 32)
  const step = /^[\p{L}\p{N}_$-]+$/u.test(field) ? `.${field}` : `[${JSON.stringify(field)}]`
  const settings = {
    key,
    ...(name === key ? {} : { name: name.slice(0, LONGEST_NAME) }),
    type,
    address: `object${step}`,
    ...(unit === undefined ? {} : { unit }),
  }
  return { path: at.path, settings }
}
