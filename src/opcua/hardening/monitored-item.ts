import type { DataValue, UAVariable } from 'node-opcua'

/** The parts of node-opcua's MonitoredItem that the fixes need and its types hide. */
export interface MonitoredItemInternals {
  readonly node: UAVariable | null
  readonly itemToMonitor: { readonly attributeId: number }
  readonly $subscription?: { readonly $session?: ItemSession; subscriptionDiagnostics?: QueueDiagnostics }
  queueSize: number
  _exceptionBased: boolean
  recordValue(dataValue: DataValue, skipChangeTest?: boolean): boolean
}

export interface ItemSession {
  readonly channel?: object | undefined
  readonly userIdentityToken?: object | undefined
  readonly sessionContext: SessionContextInternals
}

export interface SessionContextInternals {
  isAccessRestricted(node: object): boolean
  /** One array for all users of the same roles (`session-roles.ts`). */
  getCurrentUserRoles(): object
}

interface QueueDiagnostics {
  monitoringQueueOverflowCount: number
}
