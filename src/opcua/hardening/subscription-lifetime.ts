import { Subscription } from 'node-opcua'
import type { Milliseconds } from '../../core/clock.ts'
import { HardeningError } from './patch-method.ts'

/** Long enough to come back after a network fault, short enough that abandoned subscriptions do not pile up. */
const MAX_LIFETIME: Milliseconds = 10 * 60_000

/** node-opcua keeps a subscription whose client is gone for up to an hour, and others are refused one meanwhile. */
export function capSubscriptionLifetime(): void {
  if (typeof Subscription.maximumLifetimeDuration !== 'number') {
    throw new HardeningError('cap subscription lifetime', 'Subscription.maximumLifetimeDuration')
  }
  Subscription.maximumLifetimeDuration = MAX_LIFETIME
}

/**
 * The lifetime is at least three keep-alive periods (OPC 10000-4 §5.14.2), which node-opcua puts above the longest it
 * allows: a client that asks for long ones got a lifetime of days. So they are no longer than a third of it.
 */
export function limitKeepAlive(request: {
  readonly requestedPublishingInterval: number
  requestedMaxKeepAliveCount: number
}): void {
  const { minimumPublishingInterval: fastest, maximumPublishingInterval: slowest } = Subscription
  const asked = request.requestedPublishingInterval
  const interval = asked >= fastest ? Math.min(asked, slowest) : fastest
  request.requestedMaxKeepAliveCount = Math.min(
    request.requestedMaxKeepAliveCount,
    Math.floor(MAX_LIFETIME / interval / 3),
  )
}
