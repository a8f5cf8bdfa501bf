import { MulticastGroupServiceService } from '@chirpstack/chirpstack-api/api/multicast_group_grpc_pb.js'
import type {
  EnqueueMulticastGroupQueueItemRequest,
  FlushMulticastGroupQueueRequest,
  GetMulticastGroupRequest,
  ListMulticastGroupQueueRequest,
  ListMulticastGroupsRequest,
} from '@chirpstack/chirpstack-api/api/multicast_group_pb.js'
import type { Server } from '@grpc/grpc-js'
import {
  enqueueMulticast,
  flushMulticastQueue,
  getMulticastGroup,
  listMulticastGroups,
  listMulticastQueue,
} from './multicast-calls.ts'
import type { ServiceParts } from './service-parts.ts'

export function addMulticastService(server: Server, { calls, directory, multicast }: ServiceParts): void {
  const groupOf = (request: { getMulticastGroupId(): string }): string => request.getMulticastGroupId()
  server.addService(MulticastGroupServiceService, {
    list: calls.unary(
      'MulticastGroupService.List',
      (request: ListMulticastGroupsRequest) => request.getApplicationId(),
      (request, demand) => listMulticastGroups(directory, request, demand),
    ),
    get: calls.unary(
      'MulticastGroupService.Get',
      (request: GetMulticastGroupRequest) => request.getId(),
      (request, demand) => getMulticastGroup(directory, request, demand),
    ),
    enqueue: calls.unary(
      'MulticastGroupService.Enqueue',
      (request: EnqueueMulticastGroupQueueItemRequest) => request.getQueueItem()?.getMulticastGroupId() ?? '',
      (request, demand) => enqueueMulticast(directory, multicast, request, demand),
    ),
    listQueue: calls.unary(
      'MulticastGroupService.ListQueue',
      groupOf,
      (request: ListMulticastGroupQueueRequest, demand) => listMulticastQueue(directory, multicast, request, demand),
    ),
    flushQueue: calls.unary(
      'MulticastGroupService.FlushQueue',
      groupOf,
      (request: FlushMulticastGroupQueueRequest, demand) => flushMulticastQueue(directory, multicast, request, demand),
    ),
  })
}
