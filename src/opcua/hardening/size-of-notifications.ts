import { DataType, MonitoredItemNotification, Subscription, type Variant, VariantArrayType } from 'node-opcua'
import { patchMethod } from './patch-method.ts'

const FIX = 'size of notifications'

/** ClientHandle 4, DataValue: mask 1, Variant 1 + 8, status 4, two times of 8, each with 2 of picoseconds (10000-6 §5.2). */
export const MOST_BYTES = 38

const shortTypes: ReadonlySet<DataType> = new Set([
  DataType.Null,
  DataType.Boolean,
  DataType.SByte,
  DataType.Byte,
  DataType.Int16,
  DataType.UInt16,
  DataType.Int32,
  DataType.UInt32,
  DataType.Int64,
  DataType.UInt64,
  DataType.Float,
  DataType.Double,
  DataType.DateTime,
  DataType.StatusCode,
])

/**
 * node-opcua encodes each notification once more to learn how long it is, so that no message gets longer than its client
 * reads. A single number is no longer than `MOST_BYTES`, which is soon said, and what a message may have at least is many
 * times that.
 */
export function tellSizeOfNumbers(): void {
  patchMethod(Subscription.prototype, '_degradeIfUndeliverable', FIX, (original) => {
    return function (this: unknown, notification: unknown) {
      return isNumber(notification) ? { notification, size: MOST_BYTES } : original.call(this, notification)
    }
  })
}

/** Whether a notification brings one value of a size that its type says. */
export function isNumber(notification: unknown): boolean {
  if (!(notification instanceof MonitoredItemNotification)) return false
  // A value that only has a status has no Variant, whatever the types say.
  const { value } = notification.value as { readonly value: Variant | null }
  return value === null || (value.arrayType === VariantArrayType.Scalar && shortTypes.has(value.dataType))
}
