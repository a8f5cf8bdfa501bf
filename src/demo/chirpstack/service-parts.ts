import { status } from '@grpc/grpc-js'
import type { Clock } from '../../core/clock.ts'
import { CallFault } from './call-fault.ts'
import type { Calls } from './calls.ts'
import type { Directory } from './directory.ts'
import type { DownlinkQueues } from './downlink-queue.ts'
import type { Downlinks } from './downlinks.ts'
import type { EventCall, FrameCall } from './event-streams.ts'
import type { Faults } from './faults.ts'
import type { MetricStore } from './metric-store.ts'
import type { MulticastQueues } from './multicast-queues.ts'

/** What the services of the simulated ChirpStack answer from. */
export interface ServiceParts {
  readonly calls: Calls
  readonly directory: Directory
  readonly metrics: MetricStore
  readonly queues: DownlinkQueues
  readonly downlinks: Downlinks
  readonly multicast: MulticastQueues
  readonly faults: Faults
  readonly clock: Clock
  readonly random: () => number
  readonly stream: (call: EventCall) => void
  readonly frames: (call: FrameCall) => void
}

/** Gives the metrics; ends the call with 13 where Redis is away. Asked only when the right was proved. */
export type Redis = () => MetricStore

export function redisOf({ faults, metrics }: ServiceParts): Redis {
  return () => {
    if (faults.redisDown) throw new CallFault(status.INTERNAL, 'Connection refused (os error 111)')
    return metrics
  }
}
