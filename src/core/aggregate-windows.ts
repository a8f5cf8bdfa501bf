import type { AggregateName } from './aggregates/functions.ts'
import type { Milliseconds } from './clock.ts'
import { type DataType, isNumeric } from './data-type.ts'
import type { DeviceBase, TagConfig } from './plant.ts'
import { tagId } from './tag-index.ts'

/** What can be made of the samples of each window, by the aggregate of OPC 10000-13 that it is. */
export const windowAggregates = {
  min: 'Minimum',
  max: 'Maximum',
  average: 'Average',
  count: 'Count',
} as const satisfies Record<string, AggregateName>

export type WindowFunction = keyof typeof windowAggregates
export const windowFunctions = Object.keys(windowAggregates) as [WindowFunction, ...WindowFunction[]]

/** One of the windows into which time is divided, from midnight UTC on, with a tag for each function. */
export interface WindowConfig {
  /** Divides a day into equal parts. */
  readonly windowMs: Milliseconds
  readonly functions: readonly WindowFunction[]
  readonly history: 'every' | 'off'
}

/** What makes a tag that is calculated of the samples of another one of the same device, window by window. */
export interface AggregatedOf {
  /** Key of the tag whose samples these are. */
  readonly tag: string
  readonly windowMs: Milliseconds
  readonly function: WindowFunction
}

const DAY: Milliseconds = 86_400_000

/** Whether windows of this length begin at the same times each day. */
export const dividesDay = (window: Milliseconds): boolean => DAY % window === 0

/** The begin of the window that a time lies in. */
export const windowStart = (time: Milliseconds, window: Milliseconds): Milliseconds =>
  Math.floor(time / window) * window

/** Whether windows can be made of a tag's values: they have to be single numbers. */
export const isAggregable = ({ type, arrayLength }: Pick<TagConfig, 'type' | 'arrayLength'>): boolean =>
  arrayLength === undefined && isNumeric(type)

/**
 * The device with a tag for each window and function of its tags: as the tag says, or else the device, for all its
 * numbers that are no states. A tag of the operator with the same key takes the place of such a one. Applying it twice
 * changes nothing.
 */
export function withAggregates<Device extends DeviceBase>(device: Device): Device {
  const settled = device.tags.map((tag) => settledTag(tag, device))
  const keys = new Set(device.tags.map(({ key }) => key))
  const added = settled.flatMap((tag) => windowTags(tag).filter(({ key }) => !keys.has(key)))
  const isSame = added.length === 0 && settled.every((tag, at) => tag === device.tags[at])
  return isSame ? device : { ...device, tags: [...settled, ...added] }
}

function settledTag(tag: TagConfig, device: DeviceBase): TagConfig {
  if (tag.aggregates || tag.aggregated || !device.aggregates || !isAggregable(tag) || tag.states) return tag
  return { ...tag, aggregates: device.aggregates }
}

const windowTags = (tag: TagConfig): TagConfig[] =>
  !tag.aggregates || tag.aggregated || !isAggregable(tag)
    ? []
    : tag.aggregates.flatMap((window) => window.functions.map((each) => windowTag(tag, window, each)))

const names: Readonly<Record<WindowFunction, string>> = {
  min: 'minimum',
  max: 'maximum',
  average: 'average',
  count: 'count',
}

function windowTag(tag: TagConfig, { windowMs, history }: WindowConfig, each: WindowFunction): TagConfig {
  const { unit, range, instrumentRange } = tag
  const window = windowName(windowMs)
  return {
    key: `${tag.key}-${window}-${each}`,
    name: `${tag.name}, ${names[each]} of ${window}`,
    disabled: tag.disabled,
    type: typeOf(tag.type, each),
    // With the address of its tag: where that reads something else, what is known of this one holds no more.
    address: `${each} ${window} of ${tag.address}`,
    ...(each === 'count' ? {} : given({ unit, range, instrumentRange })),
    history,
    // The time of a window is its begin, and it is told at its end.
    staleAfterMs: Math.max(3 * windowMs, windowMs + 10_000),
    aggregated: { tag: tag.key, windowMs, function: each },
  }
}

const typeOf = (type: DataType, each: WindowFunction): DataType =>
  each === 'count' ? 'UInt32' : each === 'average' ? 'Double' : type

const given = <Settings extends object>(settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings

/** The window as keys and names have it: `1s`, `15m`, `1h`. */
export function windowName(window: Milliseconds): string {
  if (window % 3_600_000 === 0) return `${window / 3_600_000}h`
  return window % 60_000 === 0 ? `${window / 60_000}m` : `${window / 1_000}s`
}

/** The id of the tag whose samples a calculated one is made of. */
export const aggregatedId = (device: DeviceBase, { tag }: AggregatedOf): string => tagId(device.key, tag)
