import { z } from 'zod'
import type { Milliseconds } from '../core/clock.ts'
import { nearest } from '../core/nearest.ts'
import type { TagConfig } from '../core/plant.ts'
import { always, type Complaint, complain } from './complaint.ts'
import { durationPattern, formatDuration } from './duration.ts'
import { duration, explain } from './fields.ts'
import { keyPattern } from './names.ts'
import { isGroup, settingOf } from './raw.ts'

const LEAST = 50
const MOST = 86_400_000

/** A period, or the name of a poll group until `withPolls`. */
type Poll = Milliseconds | string
type PollGroups = Readonly<Record<string, Milliseconds>>

/** A tag whose period may still be the name of a poll group. */
export type PolledTag = Omit<TagConfig, 'pollMs'> & { readonly pollMs?: Poll | undefined }

const period = duration({
  description: 'Period at which the tags of the group are read.',
  low: LEAST,
  high: MOST,
  example: '1s',
})

export const poll = explain(
  z.string().transform((written, context): Poll => {
    const read = period.safeParse(written)
    if (read.success) return read.data
    if (keyPattern.test(written) && !durationPattern.test(written)) return written
    context.addIssue({ code: 'custom', message: 'neither a period nor the name of a group' })
    return z.NEVER
  }),
  {
    description: 'Period at which the device is read, or the poll group that says it.',
    allowed: `a whole number with its unit ms, s, m, h or d, from ${formatDuration(LEAST)} to ${formatDuration(MOST)}, or the name of a poll group`,
    example: '1s',
  },
)

export const pollGroups = explain(z.record(z.string(), period).superRefine(checkNames, always), {
  description: 'Periods with a name, which devices and tags give as their `poll`.',
  allowed:
    'names (lower-case letters, digits, "-" and "_", at most 63, beginning with a letter or digit) with a period for each',
  example: '{ fast: 200ms, slow: 1m }',
})

function checkNames(groups: unknown, context: z.core.$RefinementCtx): void {
  for (const name of isGroup(groups) ? Object.keys(groups) : []) {
    if (keyPattern.test(name) && !durationPattern.test(name)) continue
    const message = durationPattern.test(name)
      ? 'A poll group must not be called like a period.'
      : 'Allowed as a name are lower-case letters, digits, "-" and "_", at most 63, beginning with a letter or digit.'
    complain(context, [{ at: [name], message, mend: 'Give the group another name, such as fast.' }])
  }
}

/**
 * Names of poll groups that are not there, and values that turn stale before they are read again. Speaks of the
 * settings that are right although others may be wrong, so whatever it is given may have any shape.
 */
export function checkPolls(source: unknown, context: z.core.$RefinementCtx): void {
  const devices = settingOf(source, 'devices')
  for (const [position, device] of Array.isArray(devices) ? devices.entries() : []) {
    const groups = groupsOf(source, device)
    const complaints = [...unknownGroups(device, groups), ...earlyAges(device, groups)]
    complain(
      context,
      complaints.map((each) => ({ ...each, at: ['devices', position, ...each.at] })),
    )
  }
}

function* unknownGroups(device: unknown, groups: ReadonlyMap<string, unknown>): Iterable<Complaint> {
  const of = (settings: unknown, at: Complaint['at']): Complaint[] => {
    const name = pollOf(settings)
    // What is wrong with it otherwise the schema says.
    if (typeof name !== 'string' || !keyPattern.test(name) || durationPattern.test(name) || groups.has(name)) return []
    const names = [...groups.keys()]
    const meant = nearest(name, names)
    const there = names.length > 0 ? `The poll groups here are ${names.join(', ')}.` : 'There are no poll groups here.'
    const mend = meant ? `Write ${meant}.` : 'Write a period such as 1s, or add the group to pollGroups of the source.'
    return [{ at: [...at, 'poll'], message: `No poll group has this name. ${there}`, mend }]
  }
  yield* of(device, [])
  for (const [position, tag] of ownTagsOf(device)) yield* of(tag, ['tags', position])
}

/** A value that turns stale before it is read again would be Uncertain most of the time. */
function* earlyAges(device: unknown, groups: ReadonlyMap<string, unknown>): Iterable<Complaint> {
  const message = 'A value must not turn stale before it is read again.'
  const mend = 'Make staleAfter at least twice the poll period, or poll more often.'
  const periodOf = (settings: unknown): Milliseconds | undefined => {
    const set = pollOf(settings)
    const found = typeof set === 'string' ? groups.get(set) : set
    return typeof found === 'number' ? found : undefined
  }
  const age = durationIn(device, 'staleAfter') ?? Number.POSITIVE_INFINITY
  const devicePeriod = periodOf(device) ?? 0
  const slowest = durationIn(settingOf(device, 'adaptive'), 'slowest') ?? 0
  if (age <= devicePeriod) yield { at: ['staleAfter'], message, mend }
  else if (age <= slowest) yield { at: ['adaptive', 'slowest'], message, mend }
  for (const [position, tag] of ownTagsOf(device)) {
    const ownAge = durationIn(tag, 'staleAfter')
    const ownPeriod = periodOf(tag) ?? devicePeriod
    if ((ownAge ?? age) <= ownPeriod) {
      if (ownAge !== undefined) yield { at: ['tags', position, 'staleAfter'], message, mend }
      else if (age > devicePeriod) yield { at: ['tags', position, 'poll'], message, mend }
    } else if (ownAge !== undefined && ownAge <= slowest) {
      yield {
        at: ['tags', position, 'staleAfter'],
        message: `${message} While nothing changes, this device is read every ${formatDuration(slowest)} (adaptive.slowest).`,
        mend: 'Make staleAfter at least twice that, or lower adaptive.slowest of the device.',
      }
    }
  }
}

interface Polled<Tag extends object> {
  readonly pollMs: Poll
  readonly pollGroups?: PollGroups | undefined
  readonly tags: readonly Tag[]
}

type WithPeriod<Settings> = Omit<Settings, 'pollMs' | 'pollGroups' | 'tags'> & {
  pollMs: Milliseconds
  tags: TagConfig[]
}

/** The same source with periods in place of the names of poll groups, all of which are known. */
export function withPolls<
  Device extends Polled<PolledTag>,
  Source extends { pollGroups?: PollGroups | undefined; devices: readonly Device[] },
>(source: Source): Omit<Source, 'pollGroups' | 'devices'> & { devices: WithPeriod<Source['devices'][number]>[] } {
  const { pollGroups: _, devices, ...settings } = source
  return {
    ...settings,
    devices: devices.map((each) => {
      if (hasPeriods(each)) return each
      const { pollGroups: own, pollMs, tags, ...device } = each
      const groups = groupsOf(source, { pollGroups: own })
      const periodOf = (set: Poll): Milliseconds => (typeof set === 'string' ? (groups.get(set) as Milliseconds) : set)
      const resolved = tags.map((tag) =>
        tag.pollMs === undefined ? (tag as TagConfig) : { ...tag, pollMs: periodOf(tag.pollMs) },
      )
      return { ...device, pollMs: periodOf(pollMs), tags: resolved }
    }),
  }
}

/** There is nothing to resolve: the device stays the object that it is. */
function hasPeriods<Device extends Polled<PolledTag>>(
  device: Device,
): device is Device & { pollMs: Milliseconds; tags: TagConfig[]; pollGroups?: undefined } {
  const { pollGroups: own, pollMs, tags } = device
  return own === undefined && typeof pollMs === 'number' && tags.every((tag) => typeof tag.pollMs !== 'string')
}

/** The poll groups that a device may name, those of its own first, with the period of each that has a right one. */
function groupsOf(source: unknown, device: unknown): ReadonlyMap<string, unknown> {
  const entries = [source, device].flatMap((each) => {
    const groups = settingOf(each, 'pollGroups')
    return isGroup(groups) ? Object.entries(groups) : []
  })
  return new Map(entries)
}

/** The tags, at their positions, that say themselves how often they are read or when they are stale. */
function ownTagsOf(device: unknown): [number, unknown][] {
  const tags = settingOf(device, 'tags')
  if (!Array.isArray(tags)) return []
  return [...tags.entries()].filter(([, tag]) => {
    return pollOf(tag) !== undefined || durationIn(tag, 'staleAfter') !== undefined
  })
}

/** Settings that were wrong elsewhere still have the names and the texts of the file. */
const pollOf = (settings: unknown): unknown => settingOf(settings, 'pollMs') ?? settingOf(settings, 'poll')

function durationIn(settings: unknown, name: string): Milliseconds | undefined {
  const value = settingOf(settings, `${name}Ms`) ?? settingOf(settings, name)
  return typeof value === 'number' ? value : undefined
}
