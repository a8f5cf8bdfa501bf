import { MonitoredItem, Subscription } from 'node-opcua'
import type { TraceParent, Tracing } from '../../core/tracing.ts'
import { patchMethod } from '../hardening/patch-method.ts'

const FIX = 'trace what is published'
/** Spans that one message is linked to. */
const MOST = 8

interface TracedItem {
  readonly $subscription?: object
}

/**
 * The last part of a value's way: the message in which a subscription publishes it is a span of the trace in which the
 * value came. Whatever a client is told within such a span, or by a timer begun within it, belongs to it.
 */
export function tracePublishing(tracing: Tracing): void {
  const told = new WeakMap<object, Set<TraceParent>>()
  patchMethod(MonitoredItem.prototype, '_enqueue_notification', FIX, (original) => {
    return function (this: TracedItem, notification: unknown) {
      const trace = tracing.current()
      const subscription = this.$subscription
      if (trace !== undefined && subscription) {
        const traces = told.get(subscription) ?? new Set()
        told.set(subscription, traces)
        if (traces.size < MOST) traces.add(trace)
      }
      return original.call(this, notification)
    }
  })
  patchMethod(Subscription.prototype, '_publish_pending_notifications', FIX, (original) => {
    return function (this: Subscription) {
      const [parent, ...links] = told.get(this) ?? []
      told.delete(this)
      const span = parent === undefined ? undefined : tracing.begin('event', 'OPC UA publish', { parent, links })
      span?.set({ 'opcua.subscription': this.id })
      try {
        return original.call(this)
      } finally {
        span?.end()
      }
    }
  })
}
