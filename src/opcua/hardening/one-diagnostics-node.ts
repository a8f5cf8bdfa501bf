import { addElement, ServerSession, type Subscription, type UAVariable } from 'node-opcua'
import { patchMethod } from './patch-method.ts'

type DiagnosticsArray = Parameters<typeof addElement>[1]

interface Session {
  readonly parent: { _getServerSubscriptionDiagnosticsArrayNode(): UAVariable | null }
  _getSubscriptionDiagnosticsArray(): DiagnosticsArray | null
}

/**
 * The diagnostics of a Subscription stand in the array of the server and in that of its session (OPC 10000-5 §6.3.3 and
 * §6.3.5). node-opcua makes the same thirty nodes for each, which is most of what creating a Subscription costs; here one
 * Variable is a component of both.
 */
export function shareSubscriptionDiagnostics(): void {
  patchMethod(ServerSession.prototype, '_exposeSubscriptionDiagnostics', 'one diagnostics node', (original) => {
    return function (this: Session, subscription: Subscription) {
      const ofSession = this._getSubscriptionDiagnosticsArray()
      const ofServer = this.parent._getServerSubscriptionDiagnosticsArrayNode()
      const known = ofServer?.getComponentByName(String(subscription.id))
      if (!ofSession || !known) return original.call(this, subscription)
      return addElement(known as Parameters<typeof addElement>[0], ofSession)
    }
  })
}
