import { DataType, DataValue, MonitoredItemNotification, StatusCodes, Variant, VariantArrayType } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { isNumber, MOST_BYTES } from '../../../../src/opcua/hardening/size-of-notifications.ts'

const notificationOf = (value: Variant): MonitoredItemNotification => {
  const notification = new MonitoredItemNotification({ clientHandle: 0xfffffffe })
  notification.value = new DataValue({
    value,
    statusCode: StatusCodes.UncertainLastUsableValue,
    sourceTimestamp: new Date(1),
    sourcePicoseconds: 10,
    serverTimestamp: new Date(2),
    serverPicoseconds: 10,
  })
  return notification
}

const numbers: readonly (readonly [DataType, unknown])[] = [
  [DataType.Null, null],
  [DataType.Boolean, true],
  [DataType.Byte, 1],
  [DataType.Int16, -1],
  [DataType.UInt32, 0xffffffff],
  [DataType.Int64, [0x7fffffff, 0xffffffff]],
  [DataType.UInt64, [0xffffffff, 0xffffffff]],
  [DataType.Float, 1.5],
  [DataType.Double, Number.MAX_VALUE],
  [DataType.DateTime, new Date()],
  [DataType.StatusCode, StatusCodes.BadDecodingError],
]

describe('the size of a notification', () => {
  it.each(numbers)('of one value of DataType %i is never more than what is reckoned', (dataType, value) => {
    const notification = notificationOf(new Variant({ dataType, arrayType: VariantArrayType.Scalar, value }))

    expect(isNumber(notification)).toBe(true)
    expect(notification.binaryStoreSize()).toBeLessThanOrEqual(MOST_BYTES)
  })

  it('of a text, of an array, or of events, is measured', () => {
    expect(isNumber(notificationOf(new Variant({ dataType: DataType.String, value: 'long' })))).toBe(false)
    const value = new Variant({
      dataType: DataType.Double,
      arrayType: VariantArrayType.Array,
      value: new Float64Array(9),
    })
    expect(isNumber(notificationOf(value))).toBe(false)
    expect(isNumber({})).toBe(false)
  })
})
