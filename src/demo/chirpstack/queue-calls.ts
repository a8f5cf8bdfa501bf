import devicePb, {
  type EnqueueDeviceQueueItemRequest,
  type EnqueueDeviceQueueItemResponse,
  type FlushDeviceQueueRequest,
  type GetDeviceNextFCntDownRequest,
  type GetDeviceNextFCntDownResponse,
  type GetDeviceQueueItemsRequest,
  type GetDeviceQueueItemsResponse,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import { status } from '@grpc/grpc-js'
import emptyPb, { type Empty } from 'google-protobuf/google/protobuf/empty_pb.js'
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb.js'
import { CallFault } from './call-fault.ts'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import type { DownlinkQueues, QueueItem } from './downlink-queue.ts'
import { doesNotExist, parseEui } from './paging.ts'
import { fromTimestamp, toTimestamp } from './timestamp.ts'

/**
 * Puts a downlink into the queue. With `flush_queue` it is emptied before anything is looked at, so also when the rest
 * fails. Not idempotent: the server makes the id.
 */
export function enqueue(
  directory: Directory,
  queues: DownlinkQueues,
  request: EnqueueDeviceQueueItemRequest,
  demand: Demand,
): EnqueueDeviceQueueItemResponse {
  const item = request.getQueueItem()
  if (!item) throw new CallFault(status.INVALID_ARGUMENT, 'queue_item is missing')
  const devEui = parseEui(item.getDevEui())
  demand(directory.tenantOf(devEui), 'write')
  if (request.getFlushQueue()) queues.flushNonPending(devEui)
  // An 8-bit number in Rust: 257 becomes port 1.
  const wanted = item.getFPort() & 0xff
  const object = item.getObject()
  const { fPort, data } = object
    ? encode(directory, devEui, wanted, object)
    : { fPort: wanted, data: Buffer.from(item.getData_asU8()) }
  if (fPort === 0) throw new CallFault(status.INVALID_ARGUMENT, 'Validation error: FPort must be between 1 - 255')
  if (!directory.devices.has(devEui)) {
    throw new CallFault(
      status.INTERNAL,
      'insert or update on table "device_queue_item" violates foreign key constraint',
    )
  }
  const expiresAt = item.getExpiresAt()
  const { id } = queues.enqueue(devEui, {
    fPort,
    data,
    confirmed: item.getConfirmed(),
    isEncrypted: item.getIsEncrypted(),
    fCntDown: item.getIsEncrypted() ? item.getFCntDown() : undefined,
    expiresAt: expiresAt && fromTimestamp(expiresAt),
  })
  const response = new devicePb.EnqueueDeviceQueueItemResponse()
  response.setId(id)
  return response
}

/** First in, first out. The object of an item is never told, and `count_only` is not heeded. */
export function getQueue(
  directory: Directory,
  queues: DownlinkQueues,
  request: GetDeviceQueueItemsRequest,
  demand: Demand,
): GetDeviceQueueItemsResponse {
  const devEui = parseEui(request.getDevEui())
  demand(directory.tenantOf(devEui))
  const items = queues.of(devEui)
  const response = new devicePb.GetDeviceQueueItemsResponse()
  response.setTotalCount(items.length)
  response.setResultList(items.map((item) => itemMessage(devEui, item)))
  return response
}

/** Drops everything, also what is pending; no event tells of it. */
export function flushQueue(
  directory: Directory,
  queues: DownlinkQueues,
  request: FlushDeviceQueueRequest,
  demand: Demand,
): Empty {
  const devEui = parseEui(request.getDevEui())
  demand(directory.tenantOf(devEui), 'write')
  queues.flush(devEui)
  return new emptyPb.Empty()
}

export function getNextFCntDown(
  directory: Directory,
  queues: DownlinkQueues,
  request: GetDeviceNextFCntDownRequest,
  demand: Demand,
): GetDeviceNextFCntDownResponse {
  const devEui = parseEui(request.getDevEui())
  demand(directory.tenantOf(devEui))
  const device = directory.devices.get(devEui)
  if (!device) throw doesNotExist(devEui)
  const greatest = Math.max(0, ...queues.of(devEui).map(({ fCntDown }) => fCntDown ?? 0))
  const response = new devicePb.GetDeviceNextFCntDownResponse()
  response.setFCntDown(Math.max(device.fCntDown, greatest + 1))
  return response
}

/** What the profile's codec makes of an object; without a codec nothing, and nothing is what is then sent. */
function encode(directory: Directory, devEui: string, fPort: number, object: Struct): { fPort: number; data: Buffer } {
  const device = directory.devices.get(devEui)
  if (!device) throw doesNotExist(devEui)
  const profile = directory.profileOf(device)
  if (profile.codec === 'NONE') return { fPort, data: Buffer.alloc(0) }
  try {
    const encoded = profile.encodeDownlink(object.toJavaScript())
    return { fPort: encoded.fPort ?? fPort, data: Buffer.from(encoded.bytes) }
  } catch (error) {
    throw new CallFault(status.INTERNAL, `JS error: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function itemMessage(devEui: string, item: QueueItem) {
  const message = new devicePb.DeviceQueueItem()
  message.setId(item.id)
  message.setDevEui(devEui)
  message.setConfirmed(item.confirmed)
  message.setFPort(item.fPort)
  message.setData(item.data)
  message.setIsPending(item.isPending)
  message.setFCntDown(item.fCntDown ?? 0)
  message.setIsEncrypted(item.isEncrypted)
  if (item.expiresAt !== undefined) message.setExpiresAt(toTimestamp(item.expiresAt))
  return message
}
