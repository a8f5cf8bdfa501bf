import { isAggregable, type WindowConfig } from './aggregate-windows.ts'
import type { Milliseconds } from './clock.ts'
import type { DeviceBase, TagConfig } from './plant.ts'
import type { IndexedTag } from './tag-index.ts'

/**
 * What of a tag's values is kept as history:
 * - `off`: nothing - `change`: a value or quality that differs from the one before - `every`: each value that was read
 * - `interval`: a value each interval at most, and each quality that differs from the one before
 */
export const historyPolicies = ['off', 'change', 'every', 'interval'] as const
export type HistoryPolicy = (typeof historyPolicies)[number]

/** How history is kept, of a tag, a device or a template; what a tag does not say is as its device has it. */
export interface HistoryConfig {
  readonly history?: HistoryPolicy | undefined
  /** With `interval`: the least time between two values that are kept. */
  readonly historyIntervalMs?: Milliseconds | undefined
  /** A value that is said again is kept again when the last that was kept is as old. */
  readonly historyHeartbeatMs?: Milliseconds | undefined
  /** The windows of its samples that are tags of their own. */
  readonly aggregates?: readonly WindowConfig[] | undefined
}

const DEFAULT_INTERVAL: Milliseconds = 60_000

type Configured = Pick<IndexedTag, 'tag' | 'device' | 'source'>

/** The tag's own policy, or its device's, or what suits its source: events are few and dear, polled values many. */
export function historyPolicyOf({ tag, device, source }: Configured): HistoryPolicy {
  return tag.history ?? device.history ?? (source.kind === 'chirpstack' ? 'every' : 'off')
}

/** How old the last kept value has to be for another one, that differs, to be kept (`interval` only). */
export const historyIntervalOf = ({ tag, device }: Configured): Milliseconds =>
  tag.historyIntervalMs ?? device.historyIntervalMs ?? DEFAULT_INTERVAL

/** How old the last kept value has to be for the same one to be kept again; infinite: it never is. */
export const historyHeartbeatOf = ({ tag, device }: Configured): Milliseconds =>
  tag.historyHeartbeatMs ?? device.historyHeartbeatMs ?? Number.POSITIVE_INFINITY

/** How history is kept of a tag of a template: as it says itself, or its device, or the template. */
export function historyOfTemplate(tag: TagConfig, device: DeviceBase, template: HistoryConfig): HistoryConfig {
  const history = tag.history ?? device.history ?? template.history
  const historyIntervalMs = tag.historyIntervalMs ?? device.historyIntervalMs ?? template.historyIntervalMs
  const historyHeartbeatMs = tag.historyHeartbeatMs ?? device.historyHeartbeatMs ?? template.historyHeartbeatMs
  const aggregates = tag.aggregates ?? device.aggregates ?? template.aggregates
  return {
    ...(history === undefined ? {} : { history }),
    ...(historyIntervalMs === undefined ? {} : { historyIntervalMs }),
    ...(historyHeartbeatMs === undefined ? {} : { historyHeartbeatMs }),
    ...(aggregates === undefined || (!tag.aggregates && (!isAggregable(tag) || tag.states)) ? {} : { aggregates }),
  }
}
