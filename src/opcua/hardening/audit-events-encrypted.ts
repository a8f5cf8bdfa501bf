import { type IEventData, MessageSecurityMode, MonitoredItem } from 'node-opcua'
import { isAuditEvent } from '../audit/audit-event.ts'
import { patchMethod } from './patch-method.ts'

interface EventItem {
  getSessionContext(): { readonly session?: { readonly channel?: { readonly securityMode?: number } } } | null
}

/** Audit events name users and clients: only encrypted channels carry them (OPC 10000-2 §6.7), whatever the role is. */
export function encryptAuditEvents(): void {
  patchMethod(MonitoredItem.prototype, '_on_opcua_event', 'encrypt audit events', (original) => {
    return function (this: EventItem, event: IEventData) {
      const mode = this.getSessionContext()?.session?.channel?.securityMode
      if (mode !== MessageSecurityMode.SignAndEncrypt && isAuditEvent(event)) return undefined
      return original.call(this, event)
    }
  })
}
