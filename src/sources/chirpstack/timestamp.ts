import timestampPb, { type Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js'
import type { Milliseconds } from '../../core/clock.ts'

export function toTimestamp(time: Milliseconds): Timestamp {
  const timestamp = new timestampPb.Timestamp()
  timestamp.fromDate(new Date(time))
  return timestamp
}
