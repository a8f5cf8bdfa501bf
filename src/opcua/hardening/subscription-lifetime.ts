import { Subscription } from 'node-opcua'
import { HardeningError } from './patch-method.ts'

/** Long enough to come back after a network fault, short enough that abandoned subscriptions do not pile up. */
const MAX_LIFETIME_MS = 10 * 60_000

/** node-opcua keeps a subscription whose client is gone for up to an hour, and others are refused one meanwhile. */
export function capSubscriptionLifetime(): void {
  if (typeof Subscription.maximumLifetimeDuration !== 'number') {
    throw new HardeningError('cap subscription lifetime', 'Subscription.maximumLifetimeDuration')
  }
  Subscription.maximumLifetimeDuration = MAX_LIFETIME_MS
}
