import multicastPb, {
  type EnqueueMulticastGroupQueueItemRequest,
  type EnqueueMulticastGroupQueueItemResponse,
  type FlushMulticastGroupQueueRequest,
  type GetMulticastGroupRequest,
  type GetMulticastGroupResponse,
  type ListMulticastGroupQueueRequest,
  type ListMulticastGroupQueueResponse,
  type ListMulticastGroupsRequest,
  type ListMulticastGroupsResponse,
} from '@chirpstack/chirpstack-api/api/multicast_group_pb.js'
import { status } from '@grpc/grpc-js'
import emptyPb, { type Empty } from 'google-protobuf/google/protobuf/empty_pb.js'
import type { Right } from './access.ts'
import { CallFault } from './call-fault.ts'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import type { MulticastQueues } from './multicast-queues.ts'
import { compare, doesNotExist, matches, pageOf, parseEui, parseUuid } from './paging.ts'
import type { MulticastGroup } from './records.ts'
import { fromTimestamp, toTimestamp } from './timestamp.ts'

/**
 * The groups of an application. With a tenant alone the right to that tenant is demanded, and the groups of all tenants
 * are answered: ChirpStack 4.20 does not filter by it.
 */
export function listMulticastGroups(
  directory: Directory,
  request: ListMulticastGroupsRequest,
  demand: Demand,
): ListMulticastGroupsResponse {
  const tenantId = request.getTenantId() === '' ? undefined : parseUuid(request.getTenantId())
  const applicationId = request.getApplicationId() === '' ? undefined : parseUuid(request.getApplicationId())
  const devEui = request.getDevEui() === '' ? undefined : parseEui(request.getDevEui())
  demand(directory.applications.get(applicationId ?? '')?.tenantId ?? tenantId)
  const all = [...directory.multicastGroups.values()]
    .filter((each) => applicationId === undefined || each.applicationId === applicationId)
    .filter((each) => (devEui === undefined || each.devEuis.includes(devEui)) && matches(request, each.name))
    .sort((a, b) => compare(a.name, b.name))
  const response = new multicastPb.ListMulticastGroupsResponse()
  response.setTotalCount(all.length)
  for (const group of pageOf(all, request)) {
    const row = new multicastPb.MulticastGroupListItem()
    row.setId(group.id)
    row.setName(group.name)
    row.setApplicationId(group.applicationId)
    row.setApplicationName(directory.applications.get(group.applicationId)?.name ?? '')
    row.setGroupType(multicastPb.MulticastGroupType.CLASS_C)
    response.addResult(row)
  }
  return response
}

export function getMulticastGroup(
  directory: Directory,
  request: GetMulticastGroupRequest,
  demand: Demand,
): GetMulticastGroupResponse {
  const found = permitted(directory, request.getId(), demand)
  const group = new multicastPb.MulticastGroup()
  group.setId(found.id)
  group.setName(found.name)
  group.setApplicationId(found.applicationId)
  group.setFCnt(found.fCnt)
  group.setDr(found.dr)
  group.setMcAddr(found.mcAddr)
  group.setFrequency(869_525_000)
  group.setGroupType(multicastPb.MulticastGroupType.CLASS_C)
  const response = new multicastPb.GetMulticastGroupResponse()
  response.setMulticastGroup(group)
  return response
}

/** Raw bytes only. Unlike the queue of a device, a port above 255 is refused. */
export function enqueueMulticast(
  directory: Directory,
  queues: MulticastQueues,
  request: EnqueueMulticastGroupQueueItemRequest,
  demand: Demand,
): EnqueueMulticastGroupQueueItemResponse {
  const item = request.getQueueItem()
  if (!item) throw new CallFault(status.INVALID_ARGUMENT, 'queue_item is missing')
  const group = permitted(directory, item.getMulticastGroupId(), demand, 'write')
  const fPort = item.getFPort()
  if (fPort === 0 || fPort > 255) {
    throw new CallFault(status.INVALID_ARGUMENT, 'Validation error: FPort must be between 1 - 255')
  }
  const expiresAt = item.getExpiresAt()
  const data = Buffer.from(item.getData_asU8())
  const response = new multicastPb.EnqueueMulticastGroupQueueItemResponse()
  response.setFCnt(queues.enqueue(group, { fPort, data, expiresAt: expiresAt && fromTimestamp(expiresAt) }))
  return response
}

/** One entry a frame, however many gateways are to send it. */
export function listMulticastQueue(
  directory: Directory,
  queues: MulticastQueues,
  request: ListMulticastGroupQueueRequest,
  demand: Demand,
): ListMulticastGroupQueueResponse {
  const { id } = permitted(directory, request.getMulticastGroupId(), demand)
  const frames = new Map(queues.of(id).map((item) => [item.fCnt, item]))
  const response = new multicastPb.ListMulticastGroupQueueResponse()
  for (const { fCnt, fPort, data, expiresAt } of frames.values()) {
    const message = new multicastPb.MulticastGroupQueueItem()
    message.setMulticastGroupId(id)
    message.setFCnt(fCnt)
    message.setFPort(fPort)
    message.setData(data)
    if (expiresAt !== undefined) message.setExpiresAt(toTimestamp(expiresAt))
    response.addItems(message)
  }
  return response
}

export function flushMulticastQueue(
  directory: Directory,
  queues: MulticastQueues,
  request: FlushMulticastGroupQueueRequest,
  demand: Demand,
): Empty {
  queues.flush(permitted(directory, request.getMulticastGroupId(), demand, 'write').id)
  return new emptyPb.Empty()
}

function permitted(directory: Directory, groupId: string, demand: Demand, right?: Right): MulticastGroup {
  const id = parseUuid(groupId)
  const group = directory.multicastGroups.get(id)
  demand(group && directory.applications.get(group.applicationId)?.tenantId, right)
  if (!group) throw doesNotExist(id)
  return group
}
