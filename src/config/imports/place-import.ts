import type { Edit } from '../edit.ts'
import { isGroup, settingOf } from '../raw.ts'
import { listOf, textOf } from '../tags/export-tags.ts'
import type { ImportedDevice, ImportedSource, ImportedTag, Notes, Settings } from './imported.ts'
import { KeyBook } from './key-book.ts'

/** What a file brought. */
export type ImportedThing = ImportedSource | ImportedDevice | ImportedTag

export interface Placed {
  readonly edits: readonly Edit[]
  /** What came to stand where, by its place: `sources/line/devices/pump/tags/level`. */
  readonly things: ReadonlyMap<string, ImportedThing>
  readonly counts: ImportCounts
}

export interface ImportCounts {
  readonly sources: number
  readonly devices: number
  readonly tags: number
  readonly commands: number
  /** Tags that are there already, and stay as they are. */
  readonly kept: number
}

/**
 * What it takes to have these sources in a configuration. What is there already stays as it is: a source at the same
 * address takes the devices, the same device the tags whose key or address it has not. So the same file twice changes nothing more.
 */
export function placeImport(document: unknown, sources: readonly ImportedSource[], notes: Notes): Placed {
  return new Placing(document, notes).run(sources)
}

/** What says that two sources, or devices, are the same one. */
const sourceIdentity: Readonly<Record<string, readonly string[]>> = {
  modbus: ['transport', 'host', 'port', 'serial.path'],
  s7: ['host', 'port', 'rack', 'slot', 'remoteTsap'],
  chirpstack: ['url', 'tenantId'],
}
const deviceIdentity: Readonly<Record<string, readonly string[]>> = {
  modbus: ['unitId'],
  s7: ['key'],
  chirpstack: ['devEui'],
}
const usual: Readonly<Record<string, unknown>> = { transport: 'tcp', port: 0, rack: 0 }

function identityOf(kind: string, settings: unknown, names: readonly string[] | undefined): string {
  const values = (names ?? []).map((name) => {
    const value = name.split('.').reduce<unknown>((group, step) => settingOf(group, step), settings)
    const ports: unknown = value === 502 || value === 102 ? 0 : value
    return String((name === 'port' ? ports : value) ?? usual[name] ?? '')
      .toLowerCase()
      .replace(/\/$/, '')
  })
  return JSON.stringify([kind, ...values])
}

class Placing {
  readonly #document: unknown
  readonly #notes: Notes
  readonly #edits: Edit[] = []
  readonly #things = new Map<string, ImportedThing>()
  readonly #sourceKeys: KeyBook
  readonly #deviceKeys: KeyBook
  readonly #counts = { sources: 0, devices: 0, tags: 0, commands: 0, kept: 0 }

  constructor(document: unknown, notes: Notes) {
    this.#document = document
    this.#notes = notes
    const sources = listOf(document, 'sources')
    this.#sourceKeys = new KeyBook(sources.map((source) => textOf(source, 'key')))
    this.#deviceKeys = new KeyBook(
      sources.flatMap((source) => listOf(source, 'devices').map((device) => textOf(device, 'key'))),
    )
  }

  run(sources: readonly ImportedSource[]): Placed {
    for (const source of sources) {
      const names = sourceIdentity[source.kind]
      const wanted = identityOf(source.kind, source.settings, names)
      const there = listOf(this.#document, 'sources').find(
        (each) => textOf(each, 'kind') === source.kind && identityOf(source.kind, each, names) === wanted,
      )
      if (there) this.#merge(source, there)
      else this.#add(source)
    }
    return { edits: this.#edits, things: this.#things, counts: this.#counts }
  }

  #add(source: ImportedSource): void {
    const key = this.#sourceKeys.take(String(source.settings.key), source.kind)
    const place = `sources/${key}`
    this.#things.set(place, source)
    const devices = source.devices.map((device) => this.#placed(device, `${place}/devices`))
    this.#edits.push({ add: ['sources'], value: { ...source.settings, key, devices } })
    this.#counts.sources++
  }

  #merge(source: ImportedSource, there: unknown): void {
    const key = textOf(there, 'key')
    const list = ['sources', key, 'devices']
    const { pollGroups } = source.settings
    const known = settingOf(there, 'pollGroups')
    const needed = new Set<string>()
    for (const device of source.devices) {
      const identity = deviceIdentity[source.kind]
      const wanted = identityOf(source.kind, device.settings, identity)
      const same = listOf(there, 'devices').find((each) => identityOf(source.kind, each, identity) === wanted)
      const use = (settings: Settings) => {
        if (typeof settings.poll === 'string') needed.add(settings.poll)
      }
      if (same) {
        for (const tag of this.#mergeTags(device.tags, same, [...list, textOf(same, 'key'), 'tags'])) use(tag.settings)
      } else {
        use(device.settings)
        for (const tag of device.tags) use(tag.settings)
        this.#edits.push({ add: list, value: this.#placed(device, list.join('/')) })
      }
    }
    const groups = isGroup(pollGroups) ? Object.entries(pollGroups) : []
    const missing = groups.filter(([name]) => needed.has(name) && settingOf(known, name) === undefined)
    // Before what refers to them, so that they read in that order.
    this.#edits.unshift(...missing.map(([name, value]) => ({ set: ['sources', key, 'pollGroups', name], value })))
  }

  /** Tags for a device that is there; answers those that are new. */
  mergeInto(tags: readonly ImportedTag[], device: unknown, place: readonly string[]): Placed {
    this.#mergeTags(tags, device, [...place, 'tags'])
    return { edits: this.#edits, things: this.#things, counts: this.#counts }
  }

  #mergeTags(tags: readonly ImportedTag[], device: unknown, list: readonly string[]): readonly ImportedTag[] {
    const there = new Map(listOf(device, 'tags').map((tag) => [textOf(tag, 'key'), tag]))
    const commands = new Set(listOf(device, 'commands').map((command) => textOf(command, 'key')))
    const saysOf = (tag: unknown) => `${textOf(tag, 'type')} ${textOf(tag, 'address')}`
    return tags.filter((tag) => {
      const key = String(tag.settings.key)
      const place = [...list, key].join('/')
      const known = there.get(key)
      if (known === undefined && !commands.has(key)) {
        this.#edits.push({ add: list, value: tag.settings })
        this.#counts.tags++
        this.#things.set(place, tag)
        return true
      }
      const isOther = known === undefined || saysOf(known) !== saysOf(tag.settings)
      if (isOther) this.#notes.add('leftOut', tag, `There is another ${place} already, which stays as it is.`)
      this.#counts.kept++
      return false
    })
  }

  #placed(device: ImportedDevice, list: string): Settings {
    const key = this.#deviceKeys.take(String(device.settings.key), 'device')
    const place = `${list}/${key}`
    this.#things.set(place, device)
    for (const tag of device.tags) this.#things.set(`${place}/tags/${String(tag.settings.key)}`, tag)
    this.#counts.devices++
    this.#counts.tags += device.tags.length
    this.#counts.commands += listOf(device.settings, 'commands').length
    const { commands, ...settings } = device.settings
    const tags = device.tags.map((tag) => tag.settings)
    return { ...settings, key, tags, ...(commands === undefined ? {} : { commands }) }
  }
}

/** The same of tags of a device that is there. */
export const placeTags = (
  document: unknown,
  tags: readonly ImportedTag[],
  at: { readonly device: unknown; readonly place: readonly string[] },
  notes: Notes,
): Placed => new Placing(document, notes).mergeInto(tags, at.device, at.place)
