import { useQueries } from '@tanstack/react-query'
import { useEffect } from 'react'
import { trendQuery } from '../api/queries.ts'
import type { TagAnswer } from '../api/types.ts'
import { useLiveStore, useLiveVersion, useNow } from '../live/use-live.tsx'
import { type DrawnSeries, pointsOf } from './series.ts'
import { TrendChart } from './trend-chart.tsx'

/** Either the last so many milliseconds, or a span that stays. */
export type Span = { readonly last: number } | { readonly from: number; readonly to: number }

interface LiveTrendProps {
  readonly tags: readonly TagAnswer[]
  readonly span: Span
  readonly height: number
  readonly label: (from: number, to: number) => string
  readonly onZoom?: ((from: number, to: number) => void) | undefined
  readonly onThinned?: (thinned: boolean) => void
}

const PARTS = 1_000
/** What is asked for moves on in steps, so that what was answered is used for a while. */
const STEPS = 60

/** Tags over a span: what is recorded, and, where it goes up to now, what comes meanwhile. */
export function LiveTrend({ tags, span, height, label, onZoom, onThinned }: LiveTrendProps) {
  const store = useLiveStore()
  const now = useNow()
  useLiveVersion()
  const isLive = 'last' in span
  const { from, to } = isLive ? { from: now - span.last, to: now } : span
  const step = isLive ? Math.max(5_000, span.last / STEPS) : 1
  const [askFrom, askTo] = isLive ? [Math.floor(from / step) * step, Math.ceil(to / step) * step] : [from, to]
  const answers = useQueries({ queries: tags.map(({ id }) => trendQuery(id, askFrom, askTo, PARTS, isLive)) })
  const ids = tags.map(({ id }) => id).join('\n')
  useEffect(() => {
    const ends = ids === '' ? [] : ids.split('\n').map((id) => store.keep(id))
    return () => {
      for (const end of ends) end()
    }
  }, [store, ids])
  const recorded = answers.map(({ data }) => data)
  const isThinned = recorded.some((answer) => answer?.thinned)
  useEffect(() => onThinned?.(isThinned), [onThinned, isThinned])
  const series = tags.map((tag, position): DrawnSeries => {
    const answer = recorded[position]?.tag === tag.id ? recorded[position] : undefined
    return { tag, points: pointsOf(answer, isLive ? store.heardOf(tag.id) : [], { from, to: Math.min(to, now) }) }
  })
  return <TrendChart series={series} from={from} to={to} height={height} label={label(from, to)} onZoom={onZoom} />
}
