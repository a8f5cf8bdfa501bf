import { isDeepStrictEqual } from 'node:util'
import { isGroup, segmentsOf, settingOf } from './raw.ts'

/** What stands at a place named by keys, `['sources', 'line', 'devices', 'pump']`, or undefined. */
export const valueAtPlace = (document: unknown, place: readonly string[]): unknown =>
  place.reduce<unknown>(
    (value, name) => (Array.isArray(value) ? value.find((each) => nameOf(each) === name) : ownSetting(value, name)),
    document,
  )

/** Whether two settings say the same, whatever read them. */
export const saysTheSame = (one: unknown, other: unknown): boolean => isDeepStrictEqual(plain(one), plain(other))

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as unknown) : value

const ownSetting = (value: unknown, name: string): unknown =>
  isGroup(value) && Object.hasOwn(value, name) ? value[name] : undefined

/** What an element of a list is called among the others: its key, or of a user its name. */
export function nameOf(element: unknown): string | undefined {
  const name = settingOf(element, 'key') ?? settingOf(element, 'name')
  return typeof name === 'string' ? name : undefined
}

/**
 * The path of a problem, `sources[0].devices[2].poll`, as differences and edits name the same place of this document:
 * `sources/line/devices/pump/poll`. Undefined where it is no place of the document, such as a variable.
 */
export function keyedPath(path: string, document: unknown): string | undefined {
  const segments = segmentsOf(path)
  if (!isGroup(document) || typeof segments[0] !== 'string') return undefined
  const isSetting = Object.hasOwn(document, segments[0]) || /^[a-z]+$/.test(path)
  if (!isSetting) return undefined
  const names: string[] = []
  let value: unknown = document
  for (const segment of segments) {
    value =
      typeof segment === 'number'
        ? Array.isArray(value)
          ? value[segment]
          : undefined
        : settingOf(value, String(segment))
    names.push((typeof segment === 'number' ? nameOf(value) : undefined) ?? String(segment))
  }
  return names.join('/')
}
