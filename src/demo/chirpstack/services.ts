import { ApplicationServiceService } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import type { ListApplicationsRequest } from '@chirpstack/chirpstack-api/api/application_pb.js'
import { DeviceServiceService } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import type {
  EnqueueDeviceQueueItemRequest,
  FlushDeviceQueueRequest,
  GetDeviceLinkMetricsRequest,
  GetDeviceMetricsRequest,
  GetDeviceNextFCntDownRequest,
  GetDeviceQueueItemsRequest,
  GetDeviceRequest,
  ListDevicesRequest,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import { DeviceProfileServiceService } from '@chirpstack/chirpstack-api/api/device_profile_grpc_pb.js'
import type {
  GetDeviceProfileRequest,
  ListDeviceProfilesRequest,
} from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import { InternalServiceService } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { TenantServiceService } from '@chirpstack/chirpstack-api/api/tenant_grpc_pb.js'
import type { GetTenantRequest, ListTenantsRequest } from '@chirpstack/chirpstack-api/api/tenant_pb.js'
import type { Server } from '@grpc/grpc-js'
import { getDevice } from './device-calls.ts'
import { addGatewayService } from './gateway-service.ts'
import { listApplications, listDevices } from './lists.ts'
import { getDeviceMetrics, getLinkMetrics } from './metric-calls.ts'
import { addMulticastService } from './multicast-service.ts'
import { getProfile, listProfiles } from './profile-calls.ts'
import { enqueue, flushQueue, getNextFCntDown, getQueue } from './queue-calls.ts'
import { redisOf, type ServiceParts } from './service-parts.ts'
import { getTenant, listTenants } from './tenant-calls.ts'

/** Gives `server` all calls that the simulated ChirpStack answers. */
export function addServices(server: Server, parts: ServiceParts): void {
  const { calls, directory } = parts
  server.addService(ApplicationServiceService, {
    list: calls.unary(
      'ApplicationService.List',
      (request: ListApplicationsRequest) => request.getTenantId(),
      (request, demand) => listApplications(directory, request, demand),
    ),
  })
  server.addService(DeviceProfileServiceService, {
    get: calls.unary(
      'DeviceProfileService.Get',
      (request: GetDeviceProfileRequest) => request.getId(),
      (request, demand) => getProfile(directory, request, demand),
    ),
    list: calls.unary(
      'DeviceProfileService.List',
      (request: ListDeviceProfilesRequest) => request.getTenantId(),
      (request, demand) => listProfiles(directory, request, demand),
    ),
  })
  server.addService(TenantServiceService, {
    get: calls.unary(
      'TenantService.Get',
      (request: GetTenantRequest) => request.getId(),
      (request, demand) => getTenant(directory, request, demand),
    ),
    list: calls.unary(
      'TenantService.List',
      (_: ListTenantsRequest) => '',
      (request, demand) => listTenants(directory, request, demand),
    ),
  })
  server.addService(InternalServiceService, {
    // Needs no key, as in ChirpStack.
    settings: calls.unary(
      'InternalService.Settings',
      () => '',
      () => new internalPb.SettingsResponse(),
    ),
    getVersion: calls.userOnly('InternalService.GetVersion'),
    listRegions: calls.userOnly('InternalService.ListRegions'),
    streamDeviceEvents: parts.stream,
    streamGatewayFrames: parts.frames,
  })
  addDeviceService(server, parts)
  addGatewayService(server, parts)
  addMulticastService(server, parts)
}

function addDeviceService(server: Server, parts: ServiceParts): void {
  const { calls, directory, queues, downlinks, random } = parts
  const devEuiOf = (request: { getDevEui(): string }): string => request.getDevEui()
  server.addService(DeviceServiceService, {
    list: calls.unary(
      'DeviceService.List',
      (request: ListDevicesRequest) => request.getApplicationId(),
      (request, demand) => listDevices(directory, request, demand),
    ),
    get: calls.unary('DeviceService.Get', devEuiOf, (request: GetDeviceRequest, demand) =>
      getDevice(directory, request, demand),
    ),
    getMetrics: calls.unary('DeviceService.GetMetrics', devEuiOf, (request: GetDeviceMetricsRequest, demand) =>
      getDeviceMetrics(directory, redisOf(parts), request, demand),
    ),
    getLinkMetrics: calls.unary(
      'DeviceService.GetLinkMetrics',
      devEuiOf,
      (request: GetDeviceLinkMetricsRequest, demand) =>
        getLinkMetrics(directory, redisOf(parts), random, request, demand),
    ),
    enqueue: calls.unary(
      'DeviceService.Enqueue',
      (request: EnqueueDeviceQueueItemRequest) => request.getQueueItem()?.getDevEui() ?? '',
      (request, demand) => {
        const response = enqueue(directory, queues, request, demand)
        downlinks.schedule(request.getQueueItem()?.getDevEui().toLowerCase() ?? '')
        return response
      },
    ),
    getQueue: calls.unary('DeviceService.GetQueue', devEuiOf, (request: GetDeviceQueueItemsRequest, demand) =>
      getQueue(directory, queues, request, demand),
    ),
    flushQueue: calls.unary('DeviceService.FlushQueue', devEuiOf, (request: FlushDeviceQueueRequest, demand) =>
      flushQueue(directory, queues, request, demand),
    ),
    getNextFCntDown: calls.unary(
      'DeviceService.GetNextFCntDown',
      devEuiOf,
      (request: GetDeviceNextFCntDownRequest, demand) => getNextFCntDown(directory, queues, request, demand),
    ),
  })
}
