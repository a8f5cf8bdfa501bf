import type { DataValue, UAVariable } from 'node-opcua'
import { currentDataValue } from '../projected-variable.ts'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'unshared reads'

/**
 * A Read of a value that is not Good gets node-opcua's own DataValue, not a copy, and the service strips it of the
 * timestamps that its client did not ask for: after one Read with TimestampsToReturn Neither, no client sees when the
 * value was taken. `anyVariable` only leads to the prototype that all variables share.
 */
export function unshareReads(anyVariable: UAVariable): void {
  patchMethod(ownerOf(anyVariable, 'readValue', FIX), 'readValue', FIX, (original) => {
    return function (this: UAVariable, ...parameters: unknown[]): DataValue {
      const dataValue: DataValue = original.apply(this, parameters)
      return dataValue === currentDataValue(this) ? dataValue.clone() : dataValue
    }
  })
}
