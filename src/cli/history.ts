import type { Milliseconds } from '../core/clock.ts'
import { shapeName } from '../core/data-type.ts'
import { nearest } from '../core/nearest.ts'
import { type Plain, plainValue } from '../core/plain-value.ts'
import { statusName } from '../core/status-code.ts'
import { type HistoryRange, HistoryReader, type HistorySample } from '../store/history-reader.ts'
import { ClientFailure, ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import type { Environment } from './configuration.ts'
import { dataFolderOf } from './data-folder.ts'

/** Samples that are printed where no bounds are given. */
const DEFAULT_LAST = 100
/** Names that are proposed for one that is unknown. */
const MOST_PROPOSED = 3

/** The options as the command line gives them. */
export interface HistoryFlags {
  readonly data?: string | undefined
  readonly config: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly last?: string | undefined
  readonly json?: boolean | undefined
  readonly csv?: boolean | undefined
}

/**
 * `penstock history`: prints what the data folder knows of a tag, oldest first. Reads the file itself, so it works
 * beside a running gateway and without one. Throws ClientFailure (usage, unknownNode), ConfigurationRefused.
 */
export function history(tag: string, flags: HistoryFlags, env: Environment, out: Output): number {
  const range = rangeOf(flags)
  const print = printer(flags, out)
  const folder = flags.data ?? dataFolderOf(flags.config, env)
  const reader = HistoryReader.open(folder)
  if (!reader) throw new ClientFailure(ExitCode.usage, `${folder} holds no history: give the data folder with --data`)
  try {
    const tags = reader.tags()
    if (!tags.includes(tag)) throw new ClientFailure(ExitCode.unknownNode, unknownTag(tag, tags))
    let printed = 0
    for (const sample of reader.samples(tag, range)) {
      print(sample)
      printed++
    }
    if (printed === 0) out.notice(`${tag} has no values here. Its history setting, and the bounds, say which are kept.`)
    return ExitCode.ok
  } finally {
    reader.close()
  }
}

function rangeOf({ from, to, last }: HistoryFlags): HistoryRange {
  const most = last === undefined ? undefined : Number(last)
  if (most !== undefined && !(Number.isSafeInteger(most) && most > 0)) {
    throw new ClientFailure(ExitCode.usage, `--last ${last} is not a whole number from 1`)
  }
  const unbounded = from === undefined && to === undefined
  return { from: timeOf('--from', from), to: timeOf('--to', to), last: most ?? (unbounded ? DEFAULT_LAST : undefined) }
}

/** Throws ClientFailure (usage). */
export function timeOf(flag: string, given: string | undefined): Milliseconds | undefined {
  if (given === undefined) return undefined
  const time = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN
  if (!Number.isNaN(time)) return time
  const example = '2026-07-23, 2026-07-23T10:00:00Z or 2026-07-23T12:00+02:00'
  throw new ClientFailure(ExitCode.usage, `${flag} ${given} is not a time of ISO 8601, such as ${example}`)
}

function unknownTag(tag: string, tags: readonly string[]): string {
  const proposed: string[] = []
  for (let found = nearest(tag, tags); found && proposed.length < MOST_PROPOSED; ) {
    proposed.push(found)
    found = nearest(
      tag,
      tags.filter((each) => !proposed.includes(each)),
    )
  }
  const hint = proposed.length > 0 ? `Did you mean ${proposed.join(', ')}?` : 'A tag is named device/tag.'
  return `The history knows no tag ${tag}. ${hint}`
}

function printer({ json, csv }: HistoryFlags, out: Output): (sample: HistorySample) => void {
  if (json && csv) throw new ClientFailure(ExitCode.usage, '--json and --csv exclude each other: give one of them')
  if (json) return (sample) => out.line(JSON.stringify(plain(sample)))
  if (!csv) return (sample) => out.line(inWords(sample))
  out.line('sourceTime,value,type,status,serverTime')
  return (sample) => out.line(Object.values(plain(sample)).map(csvField).join(','))
}

const plain = ({ sourceTime, value, shape, status, serverTime }: HistorySample) => ({
  sourceTime: isoTime(sourceTime),
  value: plainValue(shape.type, value),
  type: shapeName(shape),
  status: statusName(status),
  serverTime: isoTime(serverTime),
})

const inWords = ({ sourceTime, value, shape, status }: HistorySample): string =>
  `${isoTime(sourceTime)}  ${oneLine(plainValue(shape.type, value)).padEnd(20)}  ${statusName(status)}`

/** On one line of text. */
export const oneLine = (value: Plain | readonly Plain[]): string =>
  value === null ? '-' : textOf(value).replace(/[\r\n\t]+/g, ' ')

const textOf = (value: Exclude<Plain, null> | readonly Plain[]): string =>
  Array.isArray(value) ? JSON.stringify(value) : String(value)

/** As RFC 4180 has it. */
function csvField(field: Plain | readonly Plain[]): string {
  const text = field === null ? '' : textOf(field)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A source time may be one that no calendar has; then it stays milliseconds of the epoch. */
function isoTime(time: Milliseconds): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString()
}
