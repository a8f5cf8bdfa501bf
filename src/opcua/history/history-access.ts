import {
  AccessLevelFlag,
  AttributeIds,
  coerceNodeId,
  type ISessionContext,
  type NodeId,
  type StatusCode,
  StatusCodes,
  type UAVariable,
} from 'node-opcua'
import { isStepped } from '../../core/aggregates/bounds.ts'
import { historyPolicyOf } from '../../core/history-policy.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { STEPPED_CONFIGURATION } from './history-configuration.ts'

/** The permissions of those who change what is recorded (OPC 10000-3 §8.55). */
export type HistoryChange = 'InsertHistory' | 'ModifyHistory' | 'DeleteHistory'

/** What node-opcua's types hide of a variable. */
interface UAVariableInternals {
  canUserReadHistory(context: ISessionContext): boolean
  canUserInsertHistory(context: ISessionContext): boolean
  canUserModifyHistory(context: ISessionContext): boolean
  canUserDeleteHistory(context: ISessionContext): boolean
  _notifyAttributeChange(attributeId: AttributeIds): void
}

const internalsOf = (variable: UAVariable): UAVariableInternals => variable as unknown as UAVariableInternals

/** Whether the variable has a history, for whoever may read it. */
export const hasHistory = ({ accessLevel }: UAVariable): boolean => (accessLevel & AccessLevelFlag.HistoryRead) !== 0

/** Why this user may not read the variable's history; undefined: it may be read. */
export function refusalOf(variable: UAVariable, context: ISessionContext): StatusCode | undefined {
  if (context.isAccessRestricted(variable)) return StatusCodes.BadSecurityModeInsufficient
  return internalsOf(variable).canUserReadHistory(context) ? undefined : StatusCodes.BadUserAccessDenied
}

/** Why this user may not change the variable's history in all of these ways; undefined: that is allowed. */
export function refusalOfChange(
  variable: UAVariable,
  context: ISessionContext,
  changes: readonly HistoryChange[],
): StatusCode | undefined {
  if (context.isAccessRestricted(variable)) return StatusCodes.BadSecurityModeInsufficient
  const internals = internalsOf(variable)
  const isAllowed: Readonly<Record<HistoryChange, boolean>> = {
    InsertHistory: internals.canUserInsertHistory(context),
    ModifyHistory: internals.canUserModifyHistory(context),
    DeleteHistory: internals.canUserDeleteHistory(context),
  }
  return changes.every((change) => isAllowed[change]) ? undefined : StatusCodes.BadUserAccessDenied
}

/**
 * Says on the tag's variable whether its values are kept, can be read and changed as history, and whether they hold until the
 * next: where nothing is said, DefaultHAConfiguration counts, by which a line leads from one to the other.
 */
export function showHistory(variable: UAVariable, indexed: IndexedTag): void {
  const historizing = historyPolicyOf(indexed) !== 'off'
  setHistorizing(variable, historizing)
  const isShown = variable.findReferences(REFERENCE, true).length > 0
  const isNeeded = historizing && isStepped({ tag: indexed.id, shape: indexed.tag })
  if (isShown === isNeeded) return
  const reference = { referenceType: REFERENCE, isForward: true, nodeId: steppedConfigurationId(variable) }
  if (isNeeded) variable.addReference(reference)
  else variable.removeReference(reference)
}

const REFERENCE = 'HasHistoricalConfiguration'

const steppedConfigurationId = ({ nodeId }: UAVariable): NodeId =>
  coerceNodeId(`ns=${nodeId.namespace};s=${STEPPED_CONFIGURATION}`)

function setHistorizing(variable: UAVariable, historizing: boolean): void {
  if (variable.historizing === historizing) return
  variable.historizing = historizing
  variable.accessLevel = withHistory(variable.accessLevel, historizing)
  variable.userAccessLevel = withHistory(variable.userAccessLevel ?? variable.accessLevel, historizing)
  for (const id of [AttributeIds.Historizing, AttributeIds.AccessLevel, AttributeIds.UserAccessLevel]) {
    internalsOf(variable)._notifyAttributeChange(id)
  }
}

const withHistory = (level: number, historizing: boolean): number => (historizing ? level | HISTORY : level & ~HISTORY)

const HISTORY = AccessLevelFlag.HistoryRead | AccessLevelFlag.HistoryWrite
