import type { ProcessFigures } from './soaked-gateway.ts'

/** The gateway as it was at a moment of the soak. */
export interface Moment extends ProcessFigures {
  /** Since the beginning. */
  readonly atMs: number
  /** How full the heaps of the rooms were, from 0 to 1. */
  readonly engineHeap: number
  readonly opcuaHeap: number
}

/** What became of everything that went through the gateway. */
export interface Outcome {
  /** Uplinks sent; of these, how many history has not, has twice, or has otherwise than they were sent. */
  readonly uplinks: number
  readonly lost: number
  readonly doubled: number
  readonly altered: number
  /** Uplinks that the gateway itself says it has not got. */
  readonly toldLost: number
  /** Values of counters that clients got, over OPC UA and the web; and those that no device had at that time. */
  readonly seen: number
  readonly wrong: number
  /** Writes asked for by what they were answered, and what the device says of them. */
  readonly writes: Readonly<Record<string, number>>
  readonly confirmedButNotDone: number
  readonly doneTwice: number
  /** Restarts of rooms that nobody ordered. */
  readonly unordered: number
  /** How often rooms were started again, by cause. */
  readonly restarts: Readonly<Record<string, number>>
  /** What was not in order when all faults were over; empty: all was. */
  readonly notRecovered: string
  /** Of the gateway when it was ended in order. */
  readonly exitCode: number | null
}

export interface Soak {
  readonly seed: number
  readonly minutes: number
  readonly happened: Readonly<Record<string, number>>
  readonly moments: readonly Moment[]
  readonly outcome: Outcome
}

const MEGABYTE = 1024 * 1024
/** Resident memory of a plant of some dozen tags, with room for the heaps of rooms that were just begun anew. */
const MOST_RSS = 700 * MEGABYTE
/** What the medians of an early and a late part of the soak may differ by. */
const MOST_GROWTH = 1.25
/** A shorter soak says nothing of growth. */
const GROWTH_FROM_MS = 5 * 60_000
const MOST_DESCRIPTORS_MORE = 25
const MOST_HANDLES_MORE = 25

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0

/** A figure over the soak: in its second quarter, which has warmed up, at most, and in its last quarter. */
function course(moments: readonly Moment[], of: (moment: Moment) => number) {
  const part = (from: number, to: number) =>
    median(moments.slice(Math.floor(moments.length * from), Math.ceil(moments.length * to)).map(of))
  return { early: part(0.25, 0.5), most: Math.max(0, ...moments.map(of)), late: part(0.75, 1) }
}

const courses = (moments: readonly Moment[]) => ({
  rss: course(moments, ({ rss }) => rss / MEGABYTE),
  mainHeap: course(moments, ({ heapUsed }) => heapUsed / MEGABYTE),
  engineHeap: course(moments, ({ engineHeap }) => 100 * engineHeap),
  opcuaHeap: course(moments, ({ opcuaHeap }) => 100 * opcuaHeap),
  descriptors: course(moments, ({ descriptors }) => descriptors),
  handles: course(moments, ({ handles }) => handles),
})

/** Every bound that the soak broke, in words; none: it passed. */
export function brokenBounds({ moments, outcome }: Soak): string[] {
  const { rss, descriptors, handles } = courses(moments)
  const isLong = (moments.at(-1)?.atMs ?? 0) >= GROWTH_FROM_MS
  const { lost, doubled, altered, wrong, confirmedButNotDone, doneTwice, unordered, notRecovered, exitCode } = outcome
  const bounds: readonly (readonly [boolean, string])[] = [
    [lost === 0, `${lost} uplinks are not in history`],
    [doubled === 0, `${doubled} uplinks are in history twice`],
    [altered === 0, `${altered} uplinks are in history with another value or time`],
    [wrong === 0, `${wrong} values were shown that no device had`],
    [confirmedButNotDone === 0, `${confirmedButNotDone} writes were confirmed and not done`],
    [doneTwice === 0, `${doneTwice} writes were done twice`],
    [unordered === 0, `rooms were started again ${unordered} times without being told to end`],
    [notRecovered === '', `after all faults: ${notRecovered}`],
    [exitCode === 0, `the gateway did not end in order (${exitCode ?? 'killed'})`],
    [rss.most * MEGABYTE <= MOST_RSS, `${Math.round(rss.most)} MB resident, at most ${MOST_RSS / MEGABYTE} allowed`],
    [!isLong || rss.late <= rss.early * MOST_GROWTH, `resident memory grew by more than ${MOST_GROWTH} times`],
    [descriptors.late <= descriptors.early + MOST_DESCRIPTORS_MORE, 'ever more files and sockets are open'],
    [handles.late <= handles.early + MOST_HANDLES_MORE, 'ever more handles keep the main thread alive'],
  ]
  return bounds.filter(([holds]) => !holds).map(([, text]) => text)
}

/** The soak in words, for people. */
export function reportOf(soak: Soak): string {
  const { outcome, happened, moments } = soak
  const row = (name: string, unit: string, { early, most, late }: ReturnType<typeof course>) =>
    `  ${name.padEnd(28)}${[early, most, late].map((n) => n.toFixed(unit === '' ? 0 : 1).padStart(10)).join('')} ${unit}`
  const told = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  const figures = courses(moments)
  const broken = brokenBounds(soak)
  return [
    `Soak of ${soak.minutes} minutes, seed ${soak.seed}`,
    '',
    `Faults: ${told(happened)}`,
    '',
    `  ${''.padEnd(28)}     early      most      late`,
    row('resident memory', 'MB', figures.rss),
    row('heap of the main thread', 'MB', figures.mainHeap),
    row('heap of the engine', '%', figures.engineHeap),
    row('heap of the OPC UA server', '%', figures.opcuaHeap),
    row('file descriptors', '', figures.descriptors),
    row('handles of the main thread', '', figures.handles),
    '',
    `Uplinks: ${outcome.uplinks} sent, ${outcome.lost} lost (the gateway tells of ${outcome.toldLost}), ${outcome.doubled} doubled, ${outcome.altered} altered`,
    `Restarts: ${told(outcome.restarts)}`,
    `Values seen by clients: ${outcome.seen}, ${outcome.wrong} wrong`,
    `Writes: ${told(outcome.writes)}; ${outcome.confirmedButNotDone} confirmed but not done, ${outcome.doneTwice} done twice`,
    '',
    ...(broken.length === 0 ? ['Every bound held.'] : ['BROKEN:', ...broken.map((text) => `  ${text}`)]),
  ].join('\n')
}
