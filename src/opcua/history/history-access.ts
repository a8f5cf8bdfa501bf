import {
  AccessLevelFlag,
  AttributeIds,
  type ISessionContext,
  type StatusCode,
  StatusCodes,
  type UAVariable,
} from 'node-opcua'

/** What node-opcua's types hide of a variable. */
interface UAVariableInternals {
  canUserReadHistory(context: ISessionContext): boolean
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

/** Whether the variable's values are kept, and its history can be read: its attributes say so from now on. */
export function setHistorizing(variable: UAVariable, historizing: boolean): void {
  if (variable.historizing === historizing) return
  variable.historizing = historizing
  variable.accessLevel = withHistory(variable.accessLevel, historizing)
  variable.userAccessLevel = withHistory(variable.userAccessLevel ?? variable.accessLevel, historizing)
  for (const id of [AttributeIds.Historizing, AttributeIds.AccessLevel, AttributeIds.UserAccessLevel]) {
    internalsOf(variable)._notifyAttributeChange(id)
  }
}

const withHistory = (level: number, historizing: boolean): number =>
  historizing ? level | AccessLevelFlag.HistoryRead : level & ~AccessLevelFlag.HistoryRead
