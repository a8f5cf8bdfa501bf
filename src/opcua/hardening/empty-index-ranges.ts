import {
  AttributeOperand,
  HistoryReadValueId,
  NumericRange,
  ReadValueId,
  SimpleAttributeOperand,
  WriteValue,
} from 'node-opcua'
import { patchMethod } from './patch-method.ts'

const FIX = 'empty index range'
const holders = [ReadValueId, HistoryReadValueId, WriteValue, SimpleAttributeOperand, AttributeOperand]

interface Holder {
  indexRange: NumericRange
}

/**
 * An empty text is no range, as a null one is (OPC 10000-4 §7.27): clients such as
 * asyncua send it with each HistoryRead. node-opcua takes it for the index of a single element, which is NaN.
 */
export function takeEmptyTextAsNoRange(): void {
  for (const { prototype } of holders) {
    patchMethod(prototype, 'decode', FIX, (original) => {
      return function (this: Holder, ...stream: unknown[]): void {
        original.apply(this, stream)
        if (Number.isNaN(this.indexRange.value)) this.indexRange = new NumericRange()
      }
    })
  }
}
