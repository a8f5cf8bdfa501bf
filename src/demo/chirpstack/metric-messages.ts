import type { AggregationMap } from '@chirpstack/chirpstack-api/common/common_pb.js'
import commonPb, { type Metric } from '@chirpstack/chirpstack-api/common/common_pb.js'
import { status } from '@grpc/grpc-js'
import type { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js'
import type { Milliseconds } from '../../core/clock.ts'
import { CallFault } from './call-fault.ts'
import type { Aggregation } from './local-time.ts'
import type { MetricKind, MetricRow } from './metric-store.ts'
import { fromTimestamp, toTimestamp } from './timestamp.ts'

interface PeriodRequest {
  getStart(): Timestamp | undefined
  getEnd(): Timestamp | undefined
}

/** From when to when; a time that is missing ends the call with 13. */
export function periodOf(request: PeriodRequest): { readonly start: Milliseconds; readonly end: Milliseconds } {
  const [start, end] = [request.getStart(), request.getEnd()]
  if (!start) throw new CallFault(status.INTERNAL, 'start is None')
  if (!end) throw new CallFault(status.INTERNAL, 'end is None')
  return { start: fromTimestamp(start), end: fromTimestamp(end) }
}

export function aggregationOf(request: { getAggregation(): AggregationMap[keyof AggregationMap] }): Aggregation {
  const wanted = request.getAggregation()
  const names: readonly Aggregation[] = ['HOUR', 'DAY', 'MONTH', 'MINUTE']
  return names.find((name) => commonPb.Aggregation[name] === wanted) ?? 'HOUR'
}

interface Dataset {
  readonly label: string
  readonly data: readonly number[]
}

/** What the values of one field become: of an empty bucket, 0. */
export const fieldOf = (rows: readonly MetricRow[], field: string): number[] =>
  rows.map(({ values }) => values.get(field) ?? 0)

/** One dataset for each field that begins so; their order is that of a Rust hash set, which is any. */
export function fieldsOf(rows: readonly MetricRow[], prefix: string, random: () => number): Dataset[] {
  const fields = new Set(rows.flatMap(({ values }) => [...values.keys()].filter((field) => field.startsWith(prefix))))
  return [...fields]
    .map((field) => ({ field, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ field }) => ({ label: field.slice(prefix.length), data: fieldOf(rows, field) }))
}

export function metric(
  name: string,
  rows: readonly MetricRow[],
  datasets: readonly Dataset[],
  kind: MetricKind = 'ABSOLUTE',
): Metric {
  const message = new commonPb.Metric()
  message.setName(name)
  message.setKind(commonPb.MetricKind[kind])
  message.setTimestampsList(rows.map(({ time }) => toTimestamp(time)))
  for (const { label, data } of datasets) {
    const dataset = new commonPb.MetricDataset()
    dataset.setLabel(label)
    // float32, rounded to the nearest as in Rust; google-protobuf's own rounding differs in the last place.
    dataset.setDataList(data.map(Math.fround))
    message.addDatasets(dataset)
  }
  return message
}
