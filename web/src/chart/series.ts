import type { TagAnswer, TagValueAnswer, TrendAnswer } from '../api/types.ts'
import type { HeardSample } from '../live/live-store.ts'

type Quality = TagValueAnswer['quality']

/** One point of a line: seconds of the epoch, as uPlot has them; null where nothing can be used. */
export interface Point {
  readonly time: number
  readonly value: number | null
  readonly quality: Quality
}

export interface DrawnSeries {
  readonly tag: TagAnswer
  readonly points: readonly Point[]
}

export const canBeDrawn = ({ type, arrayLength }: TagAnswer): boolean =>
  arrayLength === undefined && type !== 'String' && type !== 'ByteString' && type !== 'DateTime'

/** The recorded samples, and what was heard since the last of them; up to `to` the last value goes on. */
export function pointsOf(
  recorded: TrendAnswer | undefined,
  heard: readonly HeardSample[],
  { from, to }: { readonly from: number; readonly to: number },
): Point[] {
  const points: Point[] = (recorded?.samples ?? []).map(({ time, value, quality }) => ({
    time: Math.max(time, from) / 1_000,
    value: typeof value === 'number' ? value : null,
    quality,
  }))
  const last = recorded?.samples.at(-1)?.time ?? Number.NEGATIVE_INFINITY
  for (const { time, value, quality } of heard) {
    if (time <= last || time < from || time > to) continue
    points.push({ time: time / 1_000, value: numberOf(value), quality })
  }
  const end = points.at(-1)
  if (end && end.time < to / 1_000) points.push({ ...end, time: to / 1_000 })
  return points
}

function numberOf(value: TagValueAnswer['value']): number | null {
  if (value === null || typeof value === 'object') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** Spans of time in which the values were not good. */
export function doubtfulSpans(points: readonly Point[]): { from: number; to: number; quality: 'uncertain' | 'bad' }[] {
  const spans: { from: number; to: number; quality: 'uncertain' | 'bad' }[] = []
  for (const [at, { time, quality }] of points.entries()) {
    if (quality === 'good') continue
    const to = points[at + 1]?.time ?? time
    const last = spans.at(-1)
    if (last && last.quality === quality && last.to === time) last.to = to
    else spans.push({ from: time, to, quality })
  }
  return spans
}
