import type { status } from '@grpc/grpc-js'
import type { Milliseconds } from '../../core/clock.ts'

/** The calls that the simulated server answers, by service and method. */
export type CallName =
  | 'ApplicationService.List'
  | 'DeviceProfileService.Get'
  | 'DeviceProfileService.List'
  | 'DeviceService.Enqueue'
  | 'DeviceService.FlushQueue'
  | 'DeviceService.Get'
  | 'DeviceService.GetLinkMetrics'
  | 'DeviceService.GetMetrics'
  | 'DeviceService.GetNextFCntDown'
  | 'DeviceService.GetQueue'
  | 'DeviceService.List'
  | 'GatewayService.Get'
  | 'GatewayService.GetDutyCycleMetrics'
  | 'GatewayService.GetMetrics'
  | 'GatewayService.List'
  | 'InternalService.GetVersion'
  | 'InternalService.ListRegions'
  | 'InternalService.Settings'
  | 'InternalService.StreamDeviceEvents'
  | 'InternalService.StreamGatewayFrames'
  | 'MulticastGroupService.Enqueue'
  | 'MulticastGroupService.FlushQueue'
  | 'MulticastGroupService.Get'
  | 'MulticastGroupService.List'
  | 'MulticastGroupService.ListQueue'
  | 'TenantService.Get'
  | 'TenantService.List'

/**
 * What happens to a call. `status`: it ends so and does nothing. `silent`: nothing is done and nothing answered.
 * `replyLost`: it is done, and nothing answered. `late`: it is done, and answered after a while. `reset`: RST_STREAM
 * with an error code of HTTP/2 (`http2.constants.NGHTTP2_…`). `http`: a proxy answers with that HTTP status.
 */
export type Trouble =
  | { readonly kind: 'status'; readonly code: status; readonly details?: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'replyLost' }
  | { readonly kind: 'late'; readonly byMs: Milliseconds }
  | { readonly kind: 'reset'; readonly errorCode: number }
  | { readonly kind: 'http'; readonly status: number }

/** What a LoRaWAN gateway says to a downlink: that it sends it, nothing at all, or why not (`gw.TxAckStatus`). */
export type GatewayAnswer =
  | 'OK'
  | 'no answer'
  | 'TOO_LATE'
  | 'TOO_EARLY'
  | 'COLLISION_PACKET'
  | 'COLLISION_BEACON'
  | 'TX_FREQ'
  | 'TX_POWER'
  | 'GPS_UNLOCKED'
  | 'QUEUE_FULL'
  | 'DUTY_CYCLE_OVERFLOW'

/** How events reach a stream: at once, or as ChirpStack reads its Redis, so many at most in each period. */
export type Delivery = 'at once' | { readonly everyMs: Milliseconds; readonly atMost: number }

/** ChirpStack's own delivery: XREAD COUNT 10, then a second's sleep (`stream/event.rs`). */
export const CHIRPSTACK_DELIVERY: Delivery = { everyMs: 1_000, atMost: 10 }

/** `get_downlink_data_delay`: how long after an uplink something may still be enqueued for its answer. */
export const CHIRPSTACK_DOWNLINK_DELAY: Milliseconds = 100

/** Switches of the simulated server. As they stand at first, everything is friendly and nothing takes time. */
export class Faults {
  /** PostgreSQL is away: calls end with 13 and an empty text, open streams go on. */
  databaseDown = false
  /** Redis is away: streams and metrics end with 13, and uplinks are lost. */
  redisDown = false
  /** Of streams that are opened from now on. */
  delivery: Delivery = 'at once'
  /** So many events are yet to be written after the one that follows them: `up` and `ack` of one frame can swap. */
  swapNext = 0
  gatewayAnswer: GatewayAnswer = 'OK'
  /** From an uplink to the downlink that answers it. */
  downlinkDelayMs: Milliseconds = 0
  readonly #troubles = new Map<CallName | 'every call', { readonly trouble: Trouble; left: number }>()

  /** From now on, or for the next `times` calls, this happens to the calls. Trouble of one call goes before that of all. */
  trouble(call: CallName | 'every call', trouble: Trouble, times = Number.POSITIVE_INFINITY): void {
    this.#troubles.set(call, { trouble, left: times })
  }

  /** Ends the trouble of one call, or all trouble. */
  heal(call?: CallName | 'every call'): void {
    if (call === undefined) this.#troubles.clear()
    else this.#troubles.delete(call)
  }

  /** What happens to this call, which counts. */
  take(call: CallName): Trouble | undefined {
    for (const key of [call, 'every call'] as const) {
      const found = this.#troubles.get(key)
      if (!found) continue
      found.left--
      if (found.left <= 0) this.#troubles.delete(key)
      return found.trouble
    }
    return undefined
  }
}
