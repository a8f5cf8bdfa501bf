import type { DeviceBase, Plant, SourceConfig, TagConfig } from './plant.ts'

type Device = SourceConfig['devices'][number]

/** What makes one plant of another, device by device. Plain data: it crosses links and can be told of. */
export interface PlantChange {
  /** Keys of the sources that are gone, with all devices behind them. */
  readonly removedSources: readonly string[]
  /** New sources, and those whose own settings are others now; without devices. */
  readonly sources: readonly SourceConfig[]
  /** Keys of the devices that are gone, those behind a source that is gone included. */
  readonly removedDevices: readonly string[]
  /** New devices, and changed ones as they are now, with the source that each stands behind. */
  readonly devices: readonly PlacedDevice[]
}

export interface PlacedDevice {
  readonly source: string
  readonly device: Device
}

/**
 * What has to change for `before` to become `after`. Their order says nothing. `settings`: which of a source's settings
 * make another one of it; by default not those that only say which devices it has.
 */
export function changeBetween(
  before: Plant,
  after: Plant,
  settings: (source: SourceConfig) => object = connectionOf,
): PlantChange {
  const former = new Map(before.sources.map((source) => [source.key, source]))
  const later = new Map(after.sources.map((source) => [source.key, source]))
  // A source that speaks another protocol now is another source, which happens to have the same key.
  const removed = [...former.values()].filter(({ key, kind }) => later.get(key)?.kind !== kind).map(({ key }) => key)
  const formerDevices = placedDevices(before)
  const laterDevices = placedDevices(after)
  return {
    removedSources: removed,
    sources: after.sources.map(withoutDevices).filter((source) => {
      const known = former.get(source.key)
      return !known || !isSame(settings(known), settings(source))
    }),
    removedDevices: [...formerDevices.keys()].filter((key) => !laterDevices.has(key)),
    devices: [...laterDevices.values()].filter(({ source, device }) => {
      const known = formerDevices.get(device.key)
      return known?.source !== source || removed.includes(source) || !isSame(known.device, device)
    }),
  }
}

export const isNoChange = ({ removedSources, sources, removedDevices, devices }: PlantChange): boolean =>
  removedSources.length + sources.length + removedDevices.length + devices.length === 0

/** The plant after the change. */
export function changedPlant(plant: Plant, change: PlantChange): Plant {
  const placed = new Map(change.devices.map(({ source, device }) => [device.key, source]))
  const removed = new Set(change.removedDevices)
  const sources = new Map(plant.sources.map((source) => [source.key, source]))
  for (const key of change.removedSources) sources.delete(key)
  for (const source of change.sources) {
    sources.set(source.key, withDevices(source, sources.get(source.key)?.devices ?? []))
  }
  return {
    sources: [...sources.values()].map((source) => {
      const now = new Map(change.devices.filter((place) => place.source === source.key).map(byKey))
      const stay = source.devices.filter(
        ({ key }) => !removed.has(key) && (placed.get(key) ?? source.key) === source.key,
      )
      if (now.size === 0 && stay.length === source.devices.length) return source
      const kept = stay.map((device) => {
        const changed = now.get(device.key) ?? device
        now.delete(device.key)
        return changed
      })
      return withDevices(source, [...kept, ...now.values()])
    }),
  }
}

/** The same change in steps of about `tags` tags, so that nobody who follows it is busy with it for long. */
export function inSteps(change: PlantChange, tags: number): PlantChange[] {
  const none: PlantChange = { removedSources: [], sources: [], removedDevices: [], devices: [] }
  const steps: PlantChange[] = []
  for (let from = 0; from < change.removedDevices.length; from += REMOVED_A_STEP) {
    steps.push({ ...none, removedDevices: change.removedDevices.slice(from, from + REMOVED_A_STEP) })
  }
  if (change.removedSources.length + change.sources.length > 0) {
    steps.push({ ...none, removedSources: change.removedSources, sources: change.sources })
  }
  let devices: PlacedDevice[] = []
  let size = 0
  for (const placed of change.devices) {
    devices.push(placed)
    size += 1 + placed.device.tags.length
    if (size < tags) continue
    steps.push({ ...none, devices })
    devices = []
    size = 0
  }
  if (devices.length > 0) steps.push({ ...none, devices })
  return steps
}

const REMOVED_A_STEP = 20

/**
 * Whether a tag that is configured otherwise still is the same value of the same thing, so that what is known of it
 * still holds: only how it is shown, judged or how often it is read may differ.
 */
export function readsTheSame(before: PlacedTag, now: PlacedTag): boolean {
  return (
    before.source.kind === now.source.kind &&
    before.source.key === now.source.key &&
    haveSame(before.device, now.device, howItIsShown) &&
    haveSame(before.tag, now.tag, howItIsShown) &&
    isSame(conversionOf(before.tag), conversionOf(now.tag))
  )
}

interface PlacedTag {
  readonly tag: TagConfig
  readonly device: DeviceBase
  readonly source: SourceConfig
}

/** Settings that say nothing about where a value comes from. */
const howItIsShown: ReadonlySet<string> = new Set([
  ...['name', 'description', 'folder', 'manufacturer', 'model', 'serialNumber', 'hardwareRevision'],
  ...['softwareRevision', 'deviceManual', 'unit', 'range', 'instrumentRange', 'disabled', 'tags'],
  ...['pollMs', 'staleAfterMs', 'badAfterMs', 'maxRegisters', 'maxCoils', 'maxGap', 'history', 'linkTags', 'template'],
  ...['historyIntervalMs', 'historyHeartbeatMs', 'aggregates'],
  ...['deadband', 'access', 'write', 'commands'],
])

/** What of how it is shown also says what the value is made of. */
const conversionOf = ({ transform, unit, range }: TagConfig): object => ({
  unit: transform?.from === undefined ? undefined : unit,
  range: transform?.clamp === true ? range : undefined,
})

function placedDevices(plant: Plant): Map<string, PlacedDevice> {
  return new Map(
    plant.sources.flatMap(({ key, devices }) =>
      devices.map((device) => [device.key, { source: key, device }] as const),
    ),
  )
}

const byKey = ({ device }: PlacedDevice): [string, Device] => [device.key, device]

/** A source's own settings but for those that only say which devices it has, and with what tags. */
const connectionOf = (source: SourceConfig): object => ({
  ...source,
  devices: [],
  rules: undefined,
  accepted: undefined,
  rejected: undefined,
  linkTags: undefined,
})

/** A source's own settings. */
export const withoutDevices = (source: SourceConfig): SourceConfig => ({ ...source, devices: [] })

/** A change comes from a checked plant, where every device is of its source's kind. */
const withDevices = (source: SourceConfig, devices: readonly Device[]): SourceConfig =>
  ({ ...source, devices }) as SourceConfig

/** Whether two plain values are the same; a field that is undefined is as good as absent. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  return Array.isArray(a) === Array.isArray(b) && haveSame(a, b, nothing)
}

const nothing: ReadonlySet<string> = new Set()

/** Whether two groups of plain values are the same, fields named in `beside` aside. Tells thousands apart without a copy. */
function haveSame(a: object, b: object, beside: ReadonlySet<string>): boolean {
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  for (const name in left) if (!beside.has(name) && !isSame(left[name], right[name])) return false
  for (const name in right) {
    if (right[name] !== undefined && !Object.hasOwn(left, name) && !beside.has(name)) return false
  }
  return true
}
