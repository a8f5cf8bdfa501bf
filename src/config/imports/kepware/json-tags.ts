import type { Notes } from '../imported.ts'
import { type KepwareScaling, type KepwareTag, typeOfNumber } from './kepware-tag.ts'
import { Properties } from './properties.ts'

/** KEPServerEX itself nests groups seven deep. */
const DEEPEST = 20

/** The longest that KEPServerEX takes. */
const LONGEST_NAME = 256

export const nameOf = (properties: Properties): string =>
  (properties.text('ALLTYPES_NAME') ?? '').slice(0, LONGEST_NAME)

/** The tags of a device, and of its groups and theirs. What is no tag is said in the notes. */
export function* tagsOf(device: Properties, path: string, notes: Notes): Generator<KepwareTag> {
  yield* tagsIn(device, { path, names: [], depth: 0 }, notes)
}

interface Within {
  readonly path: string
  /** Of the groups. */
  readonly names: readonly string[]
  readonly depth: number
}

function* tagsIn(properties: Properties, within: Within, notes: Notes): Generator<KepwareTag> {
  const { path, names, depth } = within
  for (const value of properties.list('tags')) {
    const tag = tagOf(new Properties(value), within, notes)
    if (tag) yield tag
  }
  for (const value of properties.list('tag_groups')) {
    const group = new Properties(value)
    const name = nameOf(group)
    if (depth >= DEEPEST) notes.add('leftOut', { path: `${path}.${name}` }, 'Groups are nested too deeply.')
    else yield* tagsIn(group, { path: `${path}.${name}`, names: [...names, name], depth: depth + 1 }, notes)
  }
}

function tagOf(properties: Properties, { path, names }: Within, notes: Notes): KepwareTag | undefined {
  const own = nameOf(properties)
  const at = { path: `${path}.${own || '?'}` }
  const address = properties.text('TAG_ADDRESS')
  const dataType = typeOfNumber(properties.number('TAG_DATA_TYPE') ?? -1)
  if (own === '' || address === undefined) {
    notes.add(
      'leftOut',
      at,
      own === '' ? 'It has no name (common.ALLTYPES_NAME).' : 'It has no address (servermain.TAG_ADDRESS).',
    )
    return undefined
  }
  if (!dataType) {
    notes.add('leftOut', at, `Its data type, number ${properties.number('TAG_DATA_TYPE')}, is not known.`)
    return undefined
  }
  const scaling = scalingOf(properties)
  if (scaling === 'unknown') {
    notes.add(
      'leftOut',
      at,
      `Its scaling, number ${properties.number('TAG_SCALING_TYPE')}, is not known, or not whole.`,
    )
    return undefined
  }
  return {
    path: at.path,
    name: [...names, own].join('.'),
    description: properties.text('ALLTYPES_DESCRIPTION'),
    address,
    dataType,
    canWrite: properties.number('TAG_READ_WRITE_ACCESS') === 1 || properties.flag('TAG_READ_WRITE_ACCESS') === true,
    scanRate: properties.number('TAG_SCAN_RATE_MILLISECONDS'),
    scaling,
    unit: scaling && properties.text('TAG_SCALING_UNITS'),
  }
}

function scalingOf(properties: Properties): KepwareScaling | undefined | 'unknown' {
  const kind = properties.number('TAG_SCALING_TYPE') ?? 0
  if (kind === 0) return undefined
  const of = (name: string, otherwise: number) => properties.number(`TAG_SCALING_${name}`) ?? otherwise
  const type = typeOfNumber(of('SCALED_DATA_TYPE', 9))?.type
  if ((kind !== 1 && kind !== 2) || !type) return 'unknown'
  return {
    kind: kind === 1 ? 'linear' : 'squareRoot',
    // What KEPServerEX takes where nothing is set.
    raw: [of('RAW_LOW', 0), of('RAW_HIGH', 1_000)],
    scaled: [of('SCALED_LOW', 0), of('SCALED_HIGH', 1_000)],
    type,
    clampLow: properties.flag('TAG_SCALING_CLAMP_LOW') ?? false,
    clampHigh: properties.flag('TAG_SCALING_CLAMP_HIGH') ?? false,
    negate: properties.flag('TAG_SCALING_NEGATE_VALUE') ?? false,
  }
}
