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
import { GatewayServiceService } from '@chirpstack/chirpstack-api/api/gateway_grpc_pb.js'
import type {
  GetGatewayDutyCycleMetricsRequest,
  GetGatewayMetricsRequest,
  GetGatewayRequest,
  ListGatewaysRequest,
} from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import { InternalServiceService } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { TenantServiceService } from '@chirpstack/chirpstack-api/api/tenant_grpc_pb.js'
import type { GetTenantRequest, ListTenantsRequest } from '@chirpstack/chirpstack-api/api/tenant_pb.js'
import { type Server, status } from '@grpc/grpc-js'
import type { Clock } from '../../core/clock.ts'
import { CallFault } from './call-fault.ts'
import type { Calls } from './calls.ts'
import { getDevice } from './device-calls.ts'
import type { Directory } from './directory.ts'
import type { DownlinkQueues } from './downlink-queue.ts'
import type { Downlinks } from './downlinks.ts'
import type { EventCall } from './event-streams.ts'
import type { Faults } from './faults.ts'
import { getGateway, listGateways } from './gateway-calls.ts'
import { getDutyCycleMetrics, getGatewayMetrics } from './gateway-metric-calls.ts'
import { listApplications, listDevices } from './lists.ts'
import { getDeviceMetrics, getLinkMetrics } from './metric-calls.ts'
import type { MetricStore } from './metric-store.ts'
import { getProfile, listProfiles } from './profile-calls.ts'
import { enqueue, flushQueue, getNextFCntDown, getQueue } from './queue-calls.ts'
import { getTenant, listTenants } from './tenant-calls.ts'

export interface ServiceParts {
  readonly calls: Calls
  readonly directory: Directory
  readonly metrics: MetricStore
  readonly queues: DownlinkQueues
  readonly downlinks: Downlinks
  readonly faults: Faults
  readonly clock: Clock
  readonly random: () => number
  readonly stream: (call: EventCall) => void
}

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
  })
  addDeviceService(server, parts)
  addGatewayService(server, parts)
}

function addDeviceService(server: Server, parts: ServiceParts): void {
  const { calls, directory, metrics, queues, downlinks, random } = parts
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
      getDeviceMetrics(directory, needRedis(parts, metrics), request, demand),
    ),
    getLinkMetrics: calls.unary(
      'DeviceService.GetLinkMetrics',
      devEuiOf,
      (request: GetDeviceLinkMetricsRequest, demand) =>
        getLinkMetrics(directory, needRedis(parts, metrics), random, request, demand),
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

function addGatewayService(server: Server, parts: ServiceParts): void {
  const { calls, directory, metrics, clock, random } = parts
  const gatewayIdOf = (request: { getGatewayId(): string }): string => request.getGatewayId()
  server.addService(GatewayServiceService, {
    list: calls.unary(
      'GatewayService.List',
      (request: ListGatewaysRequest) => request.getTenantId(),
      (request) => listGateways(directory, request, clock.now()),
    ),
    get: calls.unary('GatewayService.Get', gatewayIdOf, (request: GetGatewayRequest, demand) =>
      getGateway(directory, request, demand),
    ),
    getMetrics: calls.unary('GatewayService.GetMetrics', gatewayIdOf, (request: GetGatewayMetricsRequest, demand) =>
      getGatewayMetrics(directory, needRedis(parts, metrics), random, request, demand),
    ),
    getDutyCycleMetrics: calls.unary(
      'GatewayService.GetDutyCycleMetrics',
      gatewayIdOf,
      (request: GetGatewayDutyCycleMetricsRequest, demand) =>
        getDutyCycleMetrics(directory, needRedis(parts, metrics), random, request, demand),
    ),
  })
}

function needRedis(parts: ServiceParts, metrics: MetricStore): MetricStore {
  if (parts.faults.redisDown) throw new CallFault(status.INTERNAL, 'Connection refused (os error 111)')
  return metrics
}
