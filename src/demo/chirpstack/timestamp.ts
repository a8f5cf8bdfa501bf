import { createRequire } from 'node:module'
import type timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js'
import type { Milliseconds } from '../../core/clock.ts'

// ChirpStack's messages take only a Timestamp of the very protobuf runtime that they were made for, and that need not
// be the one which this package would resolve.
const requireHere = createRequire(import.meta.url)
const requireOfApi = createRequire(requireHere.resolve('@chirpstack/chirpstack-api/api/internal_pb.js'))
const { Timestamp } = requireOfApi('google-protobuf/google/protobuf/timestamp_pb.js') as typeof timestampPb

/** A protobuf Timestamp. */
export function toTimestamp(time: Milliseconds): timestampPb.Timestamp {
  const timestamp = new Timestamp()
  timestamp.fromDate(new Date(time))
  return timestamp
}
