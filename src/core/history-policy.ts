import type { IndexedTag } from './tag-index.ts'

/**
 * What of a tag's values is kept as history:
 * - `off`: nothing - `change`: a value or quality that differs from the one before - `every`: each value that was read
 */
export const historyPolicies = ['off', 'change', 'every'] as const
export type HistoryPolicy = (typeof historyPolicies)[number]

/** The tag's own policy, or its device's, or what suits its source: events are few and dear, polled values many. */
export function historyPolicyOf({ tag, device, source }: Pick<IndexedTag, 'tag' | 'device' | 'source'>): HistoryPolicy {
  return tag.history ?? device.history ?? (source.kind === 'chirpstack' ? 'every' : 'off')
}
