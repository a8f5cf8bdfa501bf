import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { type OutgoingCommand, timeLeftOf } from '../../../core/command-outlet.ts'

/** A downlink to be queued (chirpstack-api `DeviceQueueItem`). */
export interface Downlink {
  readonly devEui: string
  readonly fPort: number
  readonly confirmed: boolean
  readonly content: { readonly data: Uint8Array } | { readonly object: Readonly<Record<string, unknown>> }
  readonly expiresAt: Milliseconds
}

/** One that stands in ChirpStack's queue; what it was encoded of is not told. */
export interface QueuedDownlink {
  readonly id: string
  readonly fPort: number
  readonly confirmed: boolean
  /** Sent, and its acknowledgement is awaited. */
  readonly isPending: boolean
  readonly expiresAt: Milliseconds | undefined
}

/** ChirpStack's downlink queues; calls reject as those of `ChirpStackApi`. */
export interface DownlinkQueue {
  /** Not idempotent: where there is no answer it may stand in the queue. Answers its id. */
  enqueue(downlink: Downlink): Promise<string>
  /** First in, first out; also what others queued. */
  queue(devEui: string): Promise<readonly QueuedDownlink[]>
}

/**
 * The time at which ChirpStack throws a command away, which also is how it is known again in the queue when nobody said
 * its id: at most two seconds before its deadline, with milliseconds that tell the commands of a device apart.
 */
export const expiryOf = ({ id, deadline }: { readonly id: number; readonly deadline: Milliseconds }): Milliseconds =>
  Math.floor(deadline / 1_000) * 1_000 - 1_000 + (id % 1_000)

/** Whether ChirpStack would throw the command away at once; by the clock that is not set, which ChirpStack's may differ from. */
export const isTooLate = (command: OutgoingCommand, clock: Clock): boolean =>
  timeLeftOf(command, clock) <= command.deadline - expiryOf(command)
