import { linkTagKeys } from '../core/link-tags.ts'
import { nearest } from '../core/nearest.ts'
import {
  argumentFaults,
  constantFault,
  downlinkFaults,
  guardFault,
  parameterFault,
  parametersUsed,
} from './command-rules.ts'
import type { Complaint } from './complaint.ts'
import { pathText, settingOf } from './raw.ts'

type Place = readonly (string | number)[]

interface Entry {
  readonly at: Place
  readonly value: unknown
}

/** A device or template. */
interface Owner extends Entry {
  readonly isField: boolean
  readonly commands: readonly Entry[]
  /** Whose tags and commands it has beside its own. */
  readonly template: Owner | undefined
}

/**
 * Everything about commands that no setting can be blamed for alone: keys that are there twice, tags and parameters
 * that are not there, constants that do not fit, payloads that cannot be built. The configuration may be wrong
 * otherwise, in any way.
 */
export function commandFaultsOf(config: unknown): Complaint[] {
  const templates = entriesOf(config, 'templates', []).map((entry) => ownerOf(entry, false, undefined))
  const devices = entriesOf(config, 'sources', []).flatMap((source) => {
    const isField = settingOf(source.value, 'kind') !== 'chirpstack'
    return entriesOf(source.value, 'devices', source.at).map((entry) => {
      const key = settingOf(entry.value, 'template')
      const template = templates.find(({ value }) => key !== undefined && settingOf(value, 'key') === key)
      return ownerOf(entry, isField, template)
    })
  })
  const owners = [...devices, ...templates].filter(({ commands, template }) => {
    return commands.length + (template?.commands.length ?? 0) > 0
  })
  // A plant of thousands of tags without a command has nothing to look at.
  if (owners.length === 0) return []
  const plant = plantOf(config, devices)
  return owners.flatMap((owner) => [
    ...twice(owner),
    ...owner.commands.flatMap((command) => [
      ...argumentFaults(command),
      ...unknownParameters(command),
      ...downlinkFaults(command),
      ...writeFaults(command, owner),
      ...guardFaults(command, plant),
    ]),
  ])
}

function ownerOf({ at, value }: Entry, isField: boolean, template: Owner | undefined): Owner {
  return { at, value, isField, commands: entriesOf(value, 'commands', at), template }
}

const tagsOf = (owner: Owner | undefined): Entry[] => (owner ? entriesOf(owner.value, 'tags', owner.at) : [])

/** Tags and commands are nodes of the same device, so their keys must not be the same. */
function twice(owner: Owner): Complaint[] {
  const { commands, template } = owner
  const tags = tagsOf(owner)
  const taken = new Map<unknown, Place>()
  for (const { at, value } of [...tagsOf(template), ...tags]) taken.set(settingOf(value, 'key'), at)
  const clashes = commands.flatMap(({ at, value }): Complaint[] => {
    const key = settingOf(value, 'key')
    if (typeof key !== 'string') return []
    const first = taken.get(key)
    taken.set(key, at)
    return first ? [sameKey(at, first)] : []
  })
  const own = new Map(tags.map(({ at, value }) => [settingOf(value, 'key'), at]))
  const ofTemplate = (template?.commands ?? []).flatMap(({ at, value }): Complaint[] => {
    const tag = own.get(settingOf(value, 'key'))
    return tag ? [sameKey(tag, at)] : []
  })
  return [...clashes, ...ofTemplate]
}

const sameKey = (at: Place, first: Place): Complaint => ({
  at: [...at, 'key'],
  message: `Each tag and command of a device needs a key of its own, and this one belongs to ${pathText(first)} already.`,
  mend: 'Choose another one for one of the two.',
})

function unknownParameters(command: Entry): Complaint[] {
  const known = entriesOf(command.value, 'parameters', command.at).map(({ value }) => settingOf(value, 'key'))
  const names = known.filter((key) => typeof key === 'string')
  return parametersUsed(command).flatMap(({ at, name }): Complaint[] => {
    if (names.includes(name)) return []
    const meant = nearest(name, names)
    const there = names.length > 0 ? `Its parameters are ${names.join(', ')}.` : 'It has no parameters.'
    const mend = meant === undefined ? 'Add it under "parameters", or write a constant.' : `Write $${meant}.`
    return [{ at, message: `The command has no parameter "${name}". ${there}`, mend }]
  })
}

function writeFaults({ at, value }: Entry, owner: Owner): Complaint[] {
  const writes = entriesOf(value, 'writes', at)
  if (writes.length === 0 && Array.isArray(settingOf(value, 'writes'))) {
    const message = 'The command writes nothing, and would be confirmed all the same.'
    return [{ at: [...at, 'writes'], message, mend: 'Add a tag and its value, or remove the command.' }]
  }
  return writes.flatMap((write): Complaint[] => {
    const key = settingOf(write.value, 'tag')
    if (typeof key !== 'string') return []
    const place = [...write.at, 'tag']
    const tags = tagsOf(owner)
    const tag = tags.find((each) => settingOf(each.value, 'key') === key)
    if (!tag) {
      const meant = nearest(key, keysOf(tags))
      const mend = meant === undefined ? 'Add the tag to the device, or name another one.' : `Write ${meant}.`
      return [{ at: place, message: 'The device has no tag with this key.', mend }]
    }
    if (settingOf(tag.value, 'access') !== 'readWrite') {
      const message = `The tag ${pathText(tag.at)} can only be read.`
      return [{ at: place, message, mend: 'Add "access: readWrite" to the tag, or write another one.' }]
    }
    const given = settingOf(write.value, 'value')
    const parameters = entriesOf(value, 'parameters', at).map((parameter) => parameter.value)
    return [
      ...constantFault([...write.at, 'value'], given, tag.value),
      ...parameterFault([...write.at, 'value'], given, parameters, tag.value),
    ]
  })
}

interface KnownPlant {
  readonly tags: ReadonlyMap<string, { readonly tags: () => readonly Entry[]; readonly hasLinkTags: boolean }>
  /** A rule may bring devices that are not configured. */
  readonly mayFind: boolean
}

function plantOf(config: unknown, devices: readonly Owner[]): KnownPlant {
  const sources = entriesOf(config, 'sources', [])
  return {
    tags: new Map(
      devices.flatMap((owner) => {
        const key = settingOf(owner.value, 'key')
        const tags = () => [...tagsOf(owner), ...tagsOf(owner.template)]
        return typeof key === 'string' ? [[key, { tags, hasLinkTags: !owner.isField }]] : []
      }),
    ),
    mayFind: sources.some(({ value, at }) => entriesOf(value, 'rules', at).length > 0),
  }
}

function guardFaults({ at, value }: Entry, { tags, mayFind }: KnownPlant): Complaint[] {
  return entriesOf(value, 'onlyWhen', at).flatMap((guard): Complaint[] => {
    const id = settingOf(guard.value, 'tag')
    const [device, tag] = typeof id === 'string' ? id.split('/') : []
    if (device === undefined || tag === undefined) return []
    const found = tags.get(device)
    if (!found && mayFind) return []
    const known = found?.tags().find((each) => settingOf(each.value, 'key') === tag)
    if (known) return guardFault([...guard.at, 'equals'], settingOf(guard.value, 'equals'), known.value)
    if (found?.hasLinkTags && linkTagKeys.includes(tag)) return []
    const ids = [...tags].flatMap(([key, each]) => keysOf(each.tags()).map((name) => `${key}/${name}`))
    const meant = nearest(`${device}/${tag}`, ids)
    const message = found ? `The device "${device}" has no tag "${tag}".` : `There is no device "${device}".`
    const mend = meant === undefined ? 'Name a tag as its device and its own key.' : `Write ${meant}.`
    return [{ at: [...guard.at, 'tag'], message, mend }]
  })
}

const keysOf = (entries: readonly Entry[]): string[] =>
  entries.map(({ value }) => settingOf(value, 'key')).filter((key) => typeof key === 'string')

function entriesOf(group: unknown, name: string, at: Place): Entry[] {
  const entries = settingOf(group, name)
  return Array.isArray(entries)
    ? entries.map((value: unknown, position) => ({ at: [...at, name, position], value }))
    : []
}
