import type { DataValue, StatusCode, UAVariable } from 'node-opcua'
import { isBad } from '../core/status-code.ts'
import { makeDataValue } from './data-values.ts'

/** The parts of node-opcua's UAVariable that set and show a whole DataValue, which its types hide. */
interface UAVariableInternals {
  readonly $dataValue: DataValue
  _internal_set_dataValue(dataValue: DataValue): void
}

/**
 * Gives the variable a new DataValue, with the ServerTimestamp it carries (setValueFromSource would overwrite it), and
 * pushes it to whoever monitors the variable. Throws for a value of another type than the variable's.
 */
export function setDataValue(variable: UAVariable, dataValue: DataValue): void {
  const internals = variable as unknown as UAVariableInternals
  internals._internal_set_dataValue(dataValue)
}

/** What the variable shows now, not to be changed. */
export function currentDataValue(variable: UAVariable): DataValue {
  const internals = variable as unknown as UAVariableInternals
  return internals.$dataValue
}

/** Keeps value and source time and lowers a status that is not Bad to `uncertain`. */
export function showUnheard(variable: UAVariable, uncertain: StatusCode, now: number): void {
  const { value, statusCode, sourceTimestamp } = currentDataValue(variable)
  if (isBad(statusCode.value)) return
  setDataValue(variable, makeDataValue(value.clone(), uncertain, sourceTimestamp?.getTime() ?? now, now))
}
