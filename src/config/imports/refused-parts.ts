import type { Problem } from '../../core/problem.ts'
import { keyedPath } from '../places.ts'
import { listOf, textOf } from '../tags/export-tags.ts'
import type { ImportedDevice, ImportedSource, ImportedTag, ImportNote, NoteKind } from './imported.ts'
import type { ImportedThing, Placed } from './place-import.ts'

/** What a file brought, and what is to be said of it. */
export interface ImportedParts {
  readonly sources: readonly ImportedSource[]
  /** For a device that is there. */
  readonly tags: readonly ImportedTag[]
  readonly notes: readonly ImportNote[]
}

/** Something that the configuration refuses, and how it is said. */
interface Refusal {
  /** The settings without which it may be all right; undefined: it cannot come over at all. */
  readonly settings: Set<string> | undefined
  readonly commands: Set<string>
  readonly words: string
}

/** Without these a thing is none. */
const essential: ReadonlySet<string> = new Set([
  ...['key', 'kind', 'host', 'url', 'tenantId', 'serial', 'transport', 'devices', 'localTsap', 'remoteTsap'],
  ...['unitId', 'devEui', 'tags', 'wordOrder', 'byteOrder', 'bitOrder'],
  ...['type', 'address', 'encoding', 'length', 'arrayLength', 'transform'],
])

/** Undefined: it is the thing as a whole. */
const isEssential = (setting: string | undefined): boolean => setting === undefined || essential.has(setting)

/** What of the import the problems are about, by their places in the configuration with it. */
export function refusedIn(
  problems: readonly Problem[],
  document: unknown,
  { things }: Placed,
): ReadonlyMap<ImportedThing, Refusal> {
  const refused = new Map<ImportedThing, Refusal>()
  for (const { path, message, value } of problems) {
    const names = keyedPath(path, document)?.split('/') ?? []
    const depth = [6, 4, 2].find((each) => names.length >= each && things.has(names.slice(0, each).join('/')))
    const thing = depth === undefined ? undefined : things.get(names.slice(0, depth).join('/'))
    if (depth === undefined || !thing) continue
    const [setting, key] = names.slice(depth)
    const before = refused.get(thing)
    const isFirstOfAll = before === undefined || (before.settings !== undefined && isEssential(setting))
    const said = `${setting === undefined ? '' : `${setting}${value === undefined ? '' : ` = ${value}`}: `}${message}`
    const words = isFirstOfAll ? said : before.words
    const commands = before?.commands ?? new Set<string>()
    const settings = before ? before.settings : new Set<string>()
    const command = setting === 'commands' && key !== undefined ? key : undefined
    if (command !== undefined) commands.add(command)
    else if (setting !== undefined && !isEssential(setting)) settings?.add(setting)
    const isWhole = isEssential(setting)
    refused.set(thing, { settings: isWhole ? undefined : settings, commands, words })
  }
  return refused
}

/** The same without what was refused, which is said. */
export function withoutRefused(
  { sources, tags, notes }: ImportedParts,
  refused: ReadonlyMap<ImportedThing, Refusal>,
): ImportedParts {
  const said: ImportNote[] = []
  const keep = <Thing extends ImportedThing>(thing: Thing): Thing[] => {
    const refusal = refused.get(thing)
    if (!refusal) return [thing]
    const note = (kind: NoteKind, message: string) =>
      said.push({
        kind,
        at: thing.path,
        ...('line' in thing && thing.line !== undefined ? { line: thing.line } : {}),
        message,
      })
    if (!refusal.settings) {
      note('leftOut', `${refusal.words}${'tags' in thing || 'devices' in thing ? ' All in it is left out too.' : ''}`)
      return []
    }
    const settings = Object.fromEntries(Object.entries(thing.settings).filter(([name]) => !refusal.settings?.has(name)))
    if (refusal.settings.size > 0)
      note('changed', `${refusal.words} It came over without ${[...refusal.settings].join(', ')}.`)
    if (refusal.commands.size > 0) {
      settings.commands = listOf(thing.settings, 'commands').filter(
        (each) => !refusal.commands.has(textOf(each, 'key')),
      )
      note('leftOut', `${refusal.words} Left out: ${[...refusal.commands].join(', ')}.`)
    }
    return [{ ...thing, settings }]
  }
  const keptTags = tags.flatMap(keep)
  const keptSources = sources.flatMap(keep).map((source) => ({
    ...source,
    devices: source.devices
      .flatMap(keep)
      .map((device): ImportedDevice => ({ ...device, tags: device.tags.flatMap(keep) })),
  }))
  return { sources: keptSources, tags: keptTags, notes: [...notes, ...said] }
}
