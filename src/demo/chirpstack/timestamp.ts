import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js'
import type { Milliseconds } from '../../core/clock.ts'

/**
 * A protobuf Timestamp, of the runtime that ChirpStack's messages are made for: package.json pins that very one.
 * `nanos`: what comes after the milliseconds.
 */
export function toTimestamp(time: Milliseconds, nanos = 0): timestampPb.Timestamp {
  const seconds = Math.floor(time / 1_000)
  const timestamp = new timestampPb.Timestamp()
  timestamp.setSeconds(seconds)
  timestamp.setNanos(Math.floor(time - 1_000 * seconds) * 1_000_000 + nanos)
  return timestamp
}

export const fromTimestamp = (timestamp: timestampPb.Timestamp): Milliseconds =>
  1_000 * timestamp.getSeconds() + timestamp.getNanos() / 1_000_000
