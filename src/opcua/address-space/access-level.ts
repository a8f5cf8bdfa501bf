import { AccessLevelFlag, AttributeIds, type UAVariable } from 'node-opcua'
import type { Access } from '../../core/command.ts'

/** What node-opcua's types hide of a variable. */
interface UAVariableInternals {
  _notifyAttributeChange(attributeId: AttributeIds): void
}

/**
 * Says on the tag's variable whether its value can be written (OPC 10000-3 §5.6.2); who may is a matter of roles, which
 * node-opcua takes off UserAccessLevel by itself.
 */
export function showAccess(variable: UAVariable, access: Access | undefined): void {
  const level = withWrite(variable.accessLevel, access === 'readWrite')
  if (level === variable.accessLevel) return
  variable.accessLevel = level
  variable.userAccessLevel = withWrite(variable.userAccessLevel ?? level, access === 'readWrite')
  const internals = variable as unknown as UAVariableInternals
  for (const id of [AttributeIds.AccessLevel, AttributeIds.UserAccessLevel]) internals._notifyAttributeChange(id)
}

const withWrite = (level: number, isWritable: boolean): number =>
  isWritable ? level | AccessLevelFlag.CurrentWrite : level & ~AccessLevelFlag.CurrentWrite
