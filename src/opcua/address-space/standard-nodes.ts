import {
  AccessLevelFlag,
  type AddressSpace,
  DataType,
  MethodIds,
  NodeClass,
  ObjectIds,
  type OPCUAServer,
  resolveNodeId,
  type ServerSession,
  type UAVariable,
  VariableIds,
  VariantArrayType,
} from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'

const FIX = 'standard nodes'

/** Objects and methods of the standard nodeset for what this server does not do; OPC 10000-5 demands none of them. */
const unserved = [
  /** OPC 10000-12: certificates are managed by Penstock's own means, users too. */
  ObjectIds.ServerConfiguration,
  /** OPC 10000-14 */
  ObjectIds.PublishSubscribe,
  /** OPC 10000-17 */
  ObjectIds.Aliases,
  /** OPC 10000-26 */
  ObjectIds.ServerLog,
  /** OPC 10000-21 */
  ObjectIds.ProvisionableDevice,
  /** OPC 10000-11 §5.4.5: no events are recorded. */
  ObjectIds.DefaultHEConfiguration,
  /** OPC 10000-5 §9.3: no subscription outlives its session by more than minutes; node-opcua promises 2400 hours. */
  MethodIds.Server_SetSubscriptionDurable,
  MethodIds.Server_RequestServerStateChange,
] as const

/** The one that a write changes anything of: whether the server keeps diagnostics (OPC 10000-5 §6.3.3). */
const written: readonly number[] = [VariableIds.Server_ServerDiagnostics_EnabledFlag]

/**
 * node-opcua shows every object of the standard nodeset, whether anything stands behind it or not, and lets
 * administrators write settings (of roles, say) that nothing follows. What is shown is served, and what can be written
 * has an effect: otherwise an administrator believes that applications are shut out which are not.
 */
export function showOnlyWhatIsServed(addressSpace: AddressSpace): void {
  for (const id of unserved) {
    const node = addressSpace.findNode(resolveNodeId(id))
    if (!node) throw new HardeningError(FIX, `standard node i=${id}`)
    addressSpace.deleteNode(node)
  }
  for (const node of addressSpace.getNamespace(0).nodeIterator()) {
    if (node.nodeClass === NodeClass.Variable) keepReadOnly(node as UAVariable)
  }
}

/**
 * Where the nodesets have no value of an array of structures, node-opcua shows one structure that is null, as Good. A
 * value must be of the ValueRank of its Variable (OPC 10000-3 §5.6.2): there is nothing in the list, so it is empty.
 */
export function showEmptyLists(addressSpace: AddressSpace): void {
  for (const namespace of addressSpace.getNamespaceArray()) {
    for (const node of namespace.nodeIterator()) {
      if (node.nodeClass !== NodeClass.Variable || (node as UAVariable).valueRank !== 1) continue
      const variable = node as UAVariable
      const { dataType, arrayType } = variable.readValue().value
      if (dataType !== DataType.ExtensionObject || arrayType !== VariantArrayType.Scalar) continue
      variable.setValueFromSource({ dataType, arrayType: VariantArrayType.Array, value: [] })
    }
  }
}

/** What a server notes of a session is made when it is activated, and must not be written by administrators either. */
export function keepDiagnosticsReadOnly(server: OPCUAServer): void {
  server.on('session_activated', ({ sessionSecurityDiagnostics: own }: ServerSession) => {
    const all = server.engine.addressSpace?.findNode(resolveNodeId(SECURITY_DIAGNOSTICS)) as UAVariable | null
    for (const node of [own, ...(all?.getComponents() ?? [])]) if (node) keepReadOnly(node as UAVariable)
  })
}

const SECURITY_DIAGNOSTICS =
  VariableIds.Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionSecurityDiagnosticsArray

function keepReadOnly(variable: UAVariable): void {
  const { namespace, value } = variable.nodeId
  if (namespace === 0 && written.includes(Number(value))) return
  variable.accessLevel &= ~AccessLevelFlag.CurrentWrite
  if (variable.userAccessLevel !== undefined) variable.userAccessLevel &= ~AccessLevelFlag.CurrentWrite
}
