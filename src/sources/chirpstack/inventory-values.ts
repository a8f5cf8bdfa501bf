import type { Milliseconds } from '../../core/clock.ts'
import type { Scalar, TagValue, ValueShape } from '../../core/data-type.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import { withDateTimes } from './date-times.ts'
import type { ListedDevice, ListedGateway, ListedStatus } from './listed.ts'
import type { GatewayField, InventoryField } from './polled-address.ts'

/**
 * What a list says of a field: a value that holds as of `time`; or, without one, as of now, because it is ChirpStack's
 * own; or why there is no usable value.
 */
export type ListReading =
  | { readonly value: Scalar; readonly time?: Milliseconds | undefined; readonly status?: undefined }
  | { readonly status: StatusCode; readonly time?: Milliseconds | undefined; readonly value?: undefined }

/** What the device said of itself is as old as it was last heard, at the least. */
export function inventoryReading(field: InventoryField, device: ListedDevice): ListReading {
  const { lastSeenAt, status } = device
  switch (field) {
    case 'lastSeenAt':
      return seen(lastSeenAt)
    case 'name':
    case 'description':
    case 'profileName':
      return { value: device[field] }
    default:
      // Nothing is known until the device answers its first DevStatusReq (LoRaWAN 1.0.4 §5.5).
      if (!status) return { status: StatusCode.BadWaitingForInitialData, time: lastSeenAt }
      return { ...statusReading(field, status), time: lastSeenAt }
  }
}

function statusReading(field: keyof ListedStatus, status: ListedStatus): ListReading {
  if (field === 'externalPowerSource') return { value: status.externalPowerSource }
  const value = status[field]
  if (!Number.isFinite(value)) return { status: StatusCode.BadSensorFailure }
  if (field === 'margin') return value < -32 || value > 31 ? { status: StatusCode.BadDecodingError } : { value }
  if (status.externalPowerSource) return { status: StatusCode.BadNotSupported }
  return value < 0 ? { status: StatusCode.BadSensorFailure } : { value }
}

export function gatewayReading(field: GatewayField, gateway: ListedGateway): ListReading {
  switch (field) {
    case 'lastSeenAt':
      return seen(gateway.lastSeenAt)
    case 'state':
    case 'name':
    case 'description':
      return { value: gateway[field] }
    default: {
      const value = gateway.location?.[field]
      // ChirpStack has 0, 0 where nobody said where a gateway stands: the place of no gateway, in the Gulf of Guinea.
      if (value === undefined || isNowhere(gateway)) return { status: StatusCode.BadNoData }
      return Number.isFinite(value) ? { value } : { status: StatusCode.BadSensorFailure }
    }
  }
}

const isNowhere = ({ location }: ListedGateway): boolean => location?.latitude === 0 && location.longitude === 0

const seen = (time: Milliseconds | undefined): ListReading =>
  time === undefined ? { status: StatusCode.BadWaitingForInitialData } : { value: new Date(time).toISOString() }

/** A tag that shows a field of a list. */
export interface ListTag<Field> extends Pick<ValueShape, 'type'> {
  readonly index: TagIndex
  readonly field: Field
}

export function giveListed(sink: SampleSink, { index, type }: ListTag<unknown>, reading: ListReading): void {
  if (reading.status !== undefined) {
    sink.failed(index, reading.status, reading.time)
    return
  }
  // What is no moment does not fit, and the sink says so.
  const value = withDateTimes({ type }, reading.value) as TagValue
  if (reading.time === undefined) sink.polled(index, value)
  else sink.event(index, value, reading.time)
}
