import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js'
import type { Milliseconds } from '../../core/clock.ts'

/** A protobuf Timestamp, of the runtime that ChirpStack's messages are made for: package.json pins that very one. */
export function toTimestamp(time: Milliseconds): timestampPb.Timestamp {
  const timestamp = new timestampPb.Timestamp()
  timestamp.fromDate(new Date(time))
  return timestamp
}
