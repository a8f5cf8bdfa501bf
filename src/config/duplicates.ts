import type { Complaint } from './complaint.ts'
import { passwordEnvOf } from './names.ts'
import { pathText, settingOf } from './raw.ts'

interface Entry {
  readonly at: readonly (string | number)[]
  readonly value: unknown
}

/**
 * Everything that is there twice and may be there once: a source's, a device's (in the whole plant), a template's and a
 * tag's key,
 * a user's name and the variable of a user's password, and the path of a serial line in use. The configuration may be
 * wrong otherwise, in any way.
 */
export function duplicatesOf(config: unknown): Complaint[] {
  const sources = entriesOf(settingOf(config, 'sources'), ['sources'])
  const devices = sources.flatMap(({ at, value }) => entriesOf(settingOf(value, 'devices'), [...at, 'devices']))
  const templates = entriesOf(settingOf(config, 'templates'), ['templates'])
  const users = entriesOf(settingOf(settingOf(config, 'opcua'), 'users'), ['opcua', 'users'])
  const sameNames = twice(users, 'name', 'Each user needs a name of their own, and this one')
  return [
    ...twice(sources, 'key', 'Each source needs a key of its own, and this one'),
    ...twice(devices, 'key', 'Each device needs a key of its own in the whole plant, and this one'),
    ...twice(
      sources.filter(({ value }) => settingOf(value, 'disabled') !== true).map(serialLineOf),
      'path',
      'A serial line carries one source, which may have many devices, and this one',
    ),
    ...twice(templates, 'key', 'Each template needs a key of its own, and this one'),
    ...[...devices, ...templates]
      .filter(hasTagTwice)
      .flatMap(({ at, value }) =>
        twice(
          entriesOf(settingOf(value, 'tags'), [...at, 'tags']),
          'key',
          `Each tag of a ${at[0] === 'templates' ? 'template' : 'device'} needs a key of its own, and this one`,
        ),
      ),
    ...sameNames,
    ...twice(
      users.filter(({ at }) => !sameNames.some((complaint) => complaint.at[2] === at[2])),
      'passwordEnv',
      'Each user needs a password of their own, and this variable',
      passwordVariable,
    ),
  ]
}

/** Most have none, and of thousands of tags it is enough to know that. */
function hasTagTwice({ value }: Entry): boolean {
  const tags = settingOf(value, 'tags')
  if (!Array.isArray(tags)) return false
  const keys = tags.map((tag) => settingOf(tag, 'key')).filter((key) => typeof key === 'string')
  return new Set(keys).size < keys.length
}

const serialLineOf = ({ at, value }: Entry): Entry => ({ at: [...at, 'serial'], value: settingOf(value, 'serial') })

function passwordVariable(user: unknown): unknown {
  const name = settingOf(user, 'name')
  return settingOf(user, 'passwordEnv') ?? (typeof name === 'string' ? passwordEnvOf(name) : undefined)
}

const entriesOf = (list: unknown, at: Entry['at']): Entry[] =>
  Array.isArray(list) ? list.map((value: unknown, position) => ({ at: [...at, position], value })) : []

function twice(
  entries: readonly Entry[],
  setting: string,
  words: string,
  of = (entry: unknown): unknown => settingOf(entry, setting),
): Complaint[] {
  const taken = new Map<string, Entry>()
  return entries.flatMap((entry): Complaint[] => {
    const value = of(entry.value)
    if (typeof value !== 'string') return []
    const first = taken.get(value)
    if (first) {
      const message = `${words} belongs to ${pathText(first.at)} already.`
      return [{ at: [...entry.at, setting], message, mend: 'Choose another one for one of the two.' }]
    }
    taken.set(value, entry)
    return []
  })
}
