import { DataValue, type NumericRange, StatusCodes, type UAVariable } from 'node-opcua'
import { isScalar } from '../services/item-checks.ts'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'range of a scalar'

/**
 * A range of a value that has no elements is BadIndexRangeNoData (OPC 10000-4 §7.27); node-opcua answers the whole value.
 * `anyVariable` only leads to the prototype that all variables share.
 */
export function refuseRangesOfScalars(anyVariable: UAVariable): void {
  patchMethod(ownerOf(anyVariable, 'readValue', FIX), 'readValue', FIX, (original) => {
    return function (this: UAVariable, context: unknown, range: NumericRange | null, ...rest: unknown[]): DataValue {
      if (range?.isDefined() && range.isValid() && isScalar(this)) {
        return new DataValue({ statusCode: StatusCodes.BadIndexRangeNoData })
      }
      const dataValue: DataValue = original.call(this, context, range, ...rest)
      // Beyond the end node-opcua answers an empty text or array beside the status.
      return dataValue.statusCode === StatusCodes.BadIndexRangeNoData
        ? new DataValue({ statusCode: StatusCodes.BadIndexRangeNoData })
        : dataValue
    }
  })
}
