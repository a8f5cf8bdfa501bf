import type { HistorySource, RecordedSample, SampleRange } from '../../src/core/history-source.ts'

/** A history of one series, in memory. */
export function memoryHistory(samples: readonly RecordedSample[]): HistorySource {
  const sorted = [...samples].sort((a, b) => a.sourceTime - b.sourceTime)
  return {
    read: (_series, { first, last, order, limit }: SampleRange) => {
      const within = sorted.filter(({ sourceTime }) => sourceTime >= first && sourceTime <= last)
      return (order === 'ascending' ? within : within.reverse()).slice(0, limit)
    },
    summaries: () => [],
    columns: () => [],
  }
}

export const recorded = (
  sourceTime: number,
  value: RecordedSample['value'] = sourceTime,
  status = 0,
): RecordedSample => ({
  value,
  status,
  sourceTime,
  serverTime: sourceTime + 1,
})
