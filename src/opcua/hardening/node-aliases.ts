import { type NodeId, ServerSession } from 'node-opcua'
import { patchMethod } from './patch-method.ts'

/**
 * RegisterNodes answers the NodeIds themselves, as a server does that gains nothing by others (OPC 10000-4 §5.9.5):
 * node-opcua kept an alias for each in the session, without a limit.
 */
export function keepNoAliases(): void {
  patchMethod(ServerSession.prototype, 'registerNode', 'keep no aliases', () => (nodeId: NodeId) => nodeId)
}
