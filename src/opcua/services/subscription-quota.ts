import type { OPCUAServer, ServerSession, Subscription } from 'node-opcua'
import type { OpcuaLimits } from '../../config/opcua-choices.ts'
import { HardeningError } from '../hardening/patch-method.ts'
import { userKeyOf } from './user-of.ts'

type Limits = Pick<OpcuaLimits, 'subscriptions' | 'subscriptionsPerUser' | 'monitoredItemsPerUser'>

/** The part of node-opcua's ServerEngine that its types hide: subscriptions whose session is gone. */
interface Orphanage {
  readonly _orphanPublishEngine?: { readonly subscriptions: readonly Subscription[] }
}

/** Throws HardeningError where node-opcua keeps subscriptions without a session elsewhere. */
export function requireOrphanage({ engine }: OPCUAServer): void {
  if (!('_orphanPublishEngine' in engine))
    throw new HardeningError('reclaim orphans', 'ServerEngine._orphanPublishEngine')
}

/**
 * What one user may have of all subscriptions and monitored items, so that it cannot take those of others; and what
 * becomes of subscriptions whose session is gone: they wait for their owner (OPC 10000-4 §5.14.7), count as the
 * owner's, and make room for whoever needs it when the server has no more.
 */
export class SubscriptionQuota {
  readonly #server: OPCUAServer
  readonly #limits: Limits
  readonly #owners = new WeakMap<Subscription, string>()

  constructor(server: OPCUAServer, limits: Limits) {
    this.#server = server
    this.#limits = limits
    server.on('create_session', (session) => {
      session.on('new_subscription', (subscription: Subscription) => {
        this.#owners.set(subscription, userKeyOf(session.userIdentityToken))
      })
    })
  }

  /** Whether the session's user may have one more; makes room for it where only orphans take it. */
  admits(session: ServerSession, sessionsOfUser: readonly ServerSession[]): boolean {
    const user = userKeyOf(session.userIdentityToken)
    const orphans = this.#orphans
    const own = orphans.filter((orphan) => this.#owners.get(orphan) === user)
    const held = sessionsOfUser.reduce((sum, { currentSubscriptionCount }) => sum + currentSubscriptionCount, 0)
    if (held >= this.#limits.subscriptionsPerUser) return false
    const isFull = this.#server.engine.currentSubscriptionCount >= this.#limits.subscriptions
    const isOverShare = held + own.length >= this.#limits.subscriptionsPerUser
    const reclaimed = soonestToExpire(own) ?? (isFull ? soonestToExpire(orphans) : undefined)
    if ((isFull || isOverShare) && reclaimed) this.#server.engine.deleteOrphanSubscription(reclaimed)
    return true
  }

  /** Monitored items that the sessions' user may still have. */
  itemsLeft(sessionsOfUser: readonly ServerSession[]): number {
    const held = sessionsOfUser.reduce((sum, { currentMonitoredItemCount }) => sum + currentMonitoredItemCount, 0)
    return Math.max(0, this.#limits.monitoredItemsPerUser - held)
  }

  /** Whether this is a subscription without a session that belongs to somebody else. */
  isOthersOrphan(session: ServerSession, subscriptionId: number): boolean {
    const orphan = this.#orphans.find(({ id }) => id === subscriptionId)
    return orphan !== undefined && this.#owners.get(orphan) !== userKeyOf(session.userIdentityToken)
  }

  get #orphans(): readonly Subscription[] {
    return (this.#server.engine as unknown as Orphanage)._orphanPublishEngine?.subscriptions ?? []
  }
}

function soonestToExpire(subscriptions: readonly Subscription[]): Subscription | undefined {
  return subscriptions.toSorted((one, other) => one.timeToExpiration - other.timeToExpiration)[0]
}
