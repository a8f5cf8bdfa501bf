import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useLocale } from '../i18n/use-locale.tsx'
import { type DrawnSeries, doubtfulSpans } from './series.ts'

const lineColours = {
  light: ['#0b7285', '#d6336c', '#5f3dc4', '#e8590c', '#2b8a3e', '#1864ab', '#862e9c', '#846358'],
  dark: ['#3bc9db', '#f783ac', '#b197fc', '#ffa94d', '#8ce99a', '#74c0fc', '#e599f7', '#d0bfae'],
} as const
const shades = { uncertain: 'rgba(245, 159, 0, 0.16)', bad: 'rgba(224, 49, 49, 0.18)' } as const

export const lineColour = (scheme: 'light' | 'dark', position: number): string =>
  lineColours[scheme][position % lineColours[scheme].length] as string

interface TrendChartProps {
  readonly series: readonly DrawnSeries[]
  /** Milliseconds of the epoch. */
  readonly from: number
  readonly to: number
  readonly height: number
  readonly label: string
  readonly onZoom?: ((from: number, to: number) => void) | undefined
}

/** Lines of values over time: a value holds until the next, and where it was doubted the picture is shaded. */
export function TrendChart({ series, from, to, height, label, onZoom }: TrendChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const shown = useRef(series)
  const zoom = useRef(onZoom)
  const span = useRef({ from, to })
  const scheme = useComputedColorScheme('light')
  const { region } = useLocale()
  shown.current = series
  zoom.current = onZoom
  span.current = { from, to }
  const identity = series.map(({ tag }) => `${tag.id} ${tag.unit ?? ''}`).join('\n')

  // biome-ignore lint/correctness/useExhaustiveDependencies: another chart only for other tags, not for other values
  useEffect(() => {
    const element = place.current
    if (!element) return
    const plot = new uPlot(optionsOf(), dataOf(shown.current), element)
    chart.current = plot
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
      chart.current = undefined
    }

    function optionsOf(): uPlot.Options {
      const text = scheme === 'dark' ? '#c9c9c9' : '#495057'
      const grid = { stroke: scheme === 'dark' ? '#3b3b3b' : '#e9ecef', width: 1 }
      const units = [...new Set(shown.current.map(({ tag }) => tag.unit ?? ''))]
      const scales: uPlot.Scales = {
        x: { time: true, range: () => [span.current.from / 1_000, span.current.to / 1_000] },
      }
      for (const unit of units) scales[scaleOf(unit)] = { range: rangeOf }
      return {
        width: element?.clientWidth ?? 600,
        height,
        scales,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
        axes: [
          {
            space: 76,
            stroke: text,
            grid,
            ticks: grid,
            values: (_plot, splits) => splits.map((at) => timeText(at, region, span.current)),
          },
          ...units.map((unit, position) => ({
            scale: scaleOf(unit),
            label: unit === '' ? '' : unit,
            labelSize: unit === '' ? 0 : 18,
            stroke: text,
            grid: position === 0 ? grid : { show: false },
            ticks: grid,
            side: (position % 2 === 0 ? 3 : 1) as 1 | 3,
            size: 72,
            values: (_plot: uPlot, splits: number[]) => splits.map((each) => each.toLocaleString(region)),
          })),
        ],
        series: [
          {},
          ...shown.current.map(({ tag }, position) => ({
            label: tag.name,
            scale: scaleOf(tag.unit ?? ''),
            stroke: lineColour(scheme, position),
            width: 2,
            spanGaps: false,
            points: { show: false },
            ...(stepped ? { paths: stepped } : {}),
          })),
        ],
        hooks: {
          drawClear: [shade],
          setSelect: [
            (plot) => {
              const { left, width } = plot.select
              if (width < 5) return
              const [begin, end] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
              plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
              zoom.current?.(begin * 1_000, end * 1_000)
            },
          ],
        },
      }
    }

    function shade(plot: uPlot): void {
      const { ctx, bbox } = plot
      ctx.save()
      ctx.beginPath()
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
      ctx.clip()
      for (const { points } of shown.current) {
        for (const { from: begin, to: end, quality } of doubtfulSpans(points)) {
          const left = plot.valToPos(begin, 'x', true)
          ctx.fillStyle = shades[quality]
          ctx.fillRect(left, bbox.top, Math.max(2, plot.valToPos(end, 'x', true) - left), bbox.height)
        }
      }
      ctx.restore()
    }
  }, [identity, scheme, height, region])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the chart reads its span from what is newest
  useEffect(() => {
    chart.current?.setData(dataOf(series))
  }, [series, from, to])

  return <div ref={place} className="chart" role="img" aria-label={label} />
}

const stepped = uPlot.paths.stepped?.({ align: 1 })

const scaleOf = (unit: string): string => `y ${unit}`

/** A line that does not move lies in the middle, and no line touches the edge. */
function rangeOf(_plot: uPlot, least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1]
  const room = most === least ? Math.max(Math.abs(most) * 0.1, 0.5) : (most - least) * 0.08
  return [least - room, most + room]
}

function dataOf(series: readonly DrawnSeries[]): uPlot.AlignedData {
  const tables = series.map(({ points }): uPlot.AlignedData => {
    // Two samples of the same moment: the later one holds.
    const distinct = points.filter(({ time }, at) => points[at + 1]?.time !== time)
    return [distinct.map(({ time }) => time), distinct.map(({ value }) => value)]
  })
  if (tables.length === 0) return [[]]
  return uPlot.join(
    tables,
    tables.map((table) => table.map(() => 2)),
  )
}

function timeText(at: number, language: string, { from, to }: { from: number; to: number }): string {
  const date = new Date(at * 1_000)
  const span = to - from
  if (span > 3 * 86_400_000) return date.toLocaleDateString(language, { month: 'short', day: 'numeric' })
  const seconds = span < 10 * 60_000 ? ({ second: '2-digit' } as const) : {}
  const day = span > 86_400_000 ? ({ weekday: 'short' } as const) : {}
  return date.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', ...seconds, ...day })
}
