import { ApplicationServiceClient } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import applicationPb from '@chirpstack/chirpstack-api/api/application_pb.js'
import { DeviceServiceClient } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import devicePb, { type DeviceStatus } from '@chirpstack/chirpstack-api/api/device_pb.js'
import { DeviceProfileServiceClient } from '@chirpstack/chirpstack-api/api/device_profile_grpc_pb.js'
import deviceProfilePb, {
  type DeviceProfile as ProfileMessage,
} from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import { GatewayServiceClient } from '@chirpstack/chirpstack-api/api/gateway_grpc_pb.js'
import gatewayPb, { type GatewayListItem } from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import { TenantServiceClient } from '@chirpstack/chirpstack-api/api/tenant_grpc_pb.js'
import tenantPb from '@chirpstack/chirpstack-api/api/tenant_pb.js'
import { Channel, type Metadata } from '@grpc/grpc-js'
import structPb from 'google-protobuf/google/protobuf/struct_pb.js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { Tracing } from '../../core/tracing.ts'
import type { Downlink, DownlinkQueue, QueuedDownlink } from './downlink/queue.ts'
import type { Endpoint } from './endpoint.ts'
import {
  type Codec,
  type ListedApplication,
  type ListedDevice,
  type ListedGateway,
  type ListedStatus,
  type Measurement,
  type MeasuringProfile,
  measurementKinds,
  type Page,
} from './listed.ts'
import {
  aggregationOf,
  type DeviceMetrics,
  type MetricSeries,
  type MetricWindow,
  toDeviceMetrics,
  toGatewayMetrics,
  toLinkMetrics,
} from './metric-series.ts'
import { MulticastApi } from './multicast/multicast-api.ts'
import type { GatewayMetricName, LinkMetricName } from './polled-address.ts'
import { rpcError } from './rpc-error.ts'
import { LONGEST_NAME, shownText } from './shown-text.ts'
import { toTimestamp } from './timestamp.ts'
import { tracedCall } from './traced-call.ts'
import type { UnaryMethod } from './unary-call.ts'

export interface ChirpStackApiOptions {
  readonly endpoint: Endpoint
  /** Carries the API key. */
  readonly metadata: Metadata
  readonly clock: Clock
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  readonly timeoutMs: Milliseconds
  readonly onRequest: () => void
}

/** Rows of a page: ChirpStack has no limit of its own, but 20,000 devices come near gRPC's 4 MiB. */
export const PAGE_ROWS = 1_000

/**
 * ChirpStack's unary calls as promises, all on one channel of their own. Each rejects with a PenstockError of
 * `rpcError`, with TIMEOUT after `timeoutMs`, or with STOPPED once it is closed.
 */
export class ChirpStackApi implements DownlinkQueue {
  readonly #options: ChirpStackApiOptions
  readonly #channel: Channel
  readonly #applications: ApplicationServiceClient
  readonly #devices: DeviceServiceClient
  readonly #profiles: DeviceProfileServiceClient
  readonly #gateways: GatewayServiceClient
  readonly #tenants: TenantServiceClient
  /** What is asked of multicast groups. */
  readonly multicast: MulticastApi
  readonly #pending = new Set<() => void>()
  #closed = false

  constructor(options: ChirpStackApiOptions) {
    this.#options = options
    const { target, credentials } = options.endpoint
    this.#channel = new Channel(target, credentials, options.endpoint.options)
    const shared = { channelOverride: this.#channel }
    this.#applications = new ApplicationServiceClient(target, credentials, shared)
    this.#devices = new DeviceServiceClient(target, credentials, shared)
    this.#profiles = new DeviceProfileServiceClient(target, credentials, shared)
    this.#gateways = new GatewayServiceClient(target, credentials, shared)
    this.#tenants = new TenantServiceClient(target, credentials, shared)
    this.multicast = new MulticastApi(options, this.#channel, (name, method, request) =>
      this.#call(name, method, request),
    )
  }

  /** The name of the tenant; empty where the answer has none. */
  async tenantName(tenantId: string): Promise<string> {
    const request = new tenantPb.GetTenantRequest()
    request.setId(tenantId)
    const response = await this.#call('TenantService.Get', this.#tenants.get.bind(this.#tenants), request)
    return response.getTenant()?.getName() ?? ''
  }

  /** The first tenants; only the key of an administrator may ask. */
  async tenants(): Promise<{ readonly id: string; readonly name: string }[]> {
    const request = new tenantPb.ListTenantsRequest()
    request.setLimit(PAGE_ROWS)
    const response = await this.#call('TenantService.List', this.#tenants.list.bind(this.#tenants), request)
    return response.getResultList().map((row) => ({ id: row.getId(), name: shownText(row.getName(), LONGEST_NAME) }))
  }

  /** One page of the tenant's applications. */
  async applications(tenantId: string, offset: number, limit = PAGE_ROWS): Promise<Page<ListedApplication>> {
    const request = new applicationPb.ListApplicationsRequest()
    request.setTenantId(tenantId)
    request.setOffset(offset)
    request.setLimit(limit)
    const method = this.#applications.list.bind(this.#applications)
    const response = await this.#call('ApplicationService.List', method, request)
    const rows = response
      .getResultList()
      .map((row) => ({ id: row.getId(), name: row.getName(), description: row.getDescription() }))
    return { total: response.getTotalCount(), rows }
  }

  /** One page of an application's devices, by DevEUI: the default order, by name, has ties that skip and repeat rows. */
  async devices(applicationId: string, offset: number): Promise<Page<ListedDevice>> {
    const request = new devicePb.ListDevicesRequest()
    request.setApplicationId(applicationId)
    request.setOffset(offset)
    request.setLimit(PAGE_ROWS)
    request.setOrderBy(devicePb.ListDevicesRequest.OrderBy.DEV_EUI)
    const response = await this.#call('DeviceService.List', this.#devices.list.bind(this.#devices), request)
    const rows = response.getResultList().map(
      (row): ListedDevice => ({
        devEui: row.getDevEui(),
        profileId: row.getDeviceProfileId(),
        lastSeenAt: row.getLastSeenAt()?.toDate().getTime(),
        name: row.getName(),
        description: row.getDescription(),
        profileName: row.getDeviceProfileName(),
        status: toListedStatus(row.getDeviceStatus()),
        tags: textsOf(row.getTagsMap()),
        updatedAt: row.getUpdatedAt()?.toDate().getTime(),
      }),
    )
    return { total: response.getTotalCount(), rows }
  }

  /** Whether an operator has disabled the device; no list says so. */
  async isDisabled(devEui: string): Promise<boolean> {
    const request = new devicePb.GetDeviceRequest()
    request.setDevEui(devEui)
    const response = await this.#call('DeviceService.Get', this.#devices.get.bind(this.#devices), request)
    return response.getDevice()?.getIsDisabled() ?? false
  }

  async profile(id: string): Promise<MeasuringProfile> {
    const request = new deviceProfilePb.GetDeviceProfileRequest()
    request.setId(id)
    const response = await this.#call('DeviceProfileService.Get', this.#profiles.get.bind(this.#profiles), request)
    const profile = response.getDeviceProfile()
    return {
      name: profile?.getName() ?? '',
      codec: codecOf(profile?.getPayloadCodecRuntime()),
      measurements: profile ? measurementsOf(profile) : [],
      uplinkInterval: profile?.getUplinkInterval() ?? 0,
      statusRequestsPerDay: profile?.getDeviceStatusReqInterval() ?? 0,
      isAlwaysListening: profile?.getSupportsClassC() ?? false,
    }
  }

  /** The measurements of a device, gathered in buckets. Without any in its profile, or of kind UNKNOWN: nothing. */
  async deviceMetrics(devEui: string, window: MetricWindow): Promise<DeviceMetrics> {
    const request = new devicePb.GetDeviceMetricsRequest()
    request.setDevEui(devEui)
    setWindow(request, window)
    const method = this.#devices.getMetrics.bind(this.#devices)
    return toDeviceMetrics(await this.#call('DeviceService.GetMetrics', method, request))
  }

  /** What ChirpStack counted and measured of a device's radio link. */
  async linkMetrics(devEui: string, window: MetricWindow): Promise<ReadonlyMap<LinkMetricName, MetricSeries>> {
    const request = new devicePb.GetDeviceLinkMetricsRequest()
    request.setDevEui(devEui)
    setWindow(request, window)
    const method = this.#devices.getLinkMetrics.bind(this.#devices)
    return toLinkMetrics(await this.#call('DeviceService.GetLinkMetrics', method, request))
  }

  /**
   * One page of the gateways, by their ids. ChirpStack may list those of other tenants too, and answers whatever the
   * key: the rows must be sorted out, and an answer proves nothing.
   */
  async gateways(tenantId: string, offset: number): Promise<Page<ListedGateway>> {
    const request = new gatewayPb.ListGatewaysRequest()
    request.setTenantId(tenantId)
    request.setOffset(offset)
    request.setLimit(PAGE_ROWS)
    request.setOrderBy(gatewayPb.ListGatewaysRequest.OrderBy.GATEWAY_ID)
    const response = await this.#call('GatewayService.List', this.#gateways.list.bind(this.#gateways), request)
    return { total: response.getTotalCount(), rows: response.getResultList().map(toListedGateway) }
  }

  /** What a gateway says it received and sent. */
  async gatewayMetrics(gatewayId: string, window: MetricWindow): Promise<ReadonlyMap<GatewayMetricName, MetricSeries>> {
    const request = new gatewayPb.GetGatewayMetricsRequest()
    request.setGatewayId(gatewayId)
    setWindow(request, window)
    const method = this.#gateways.getMetrics.bind(this.#gateways)
    return toGatewayMetrics(await this.#call('GatewayService.GetMetrics', method, request))
  }

  async enqueue({ devEui, fPort, confirmed, content, expiresAt }: Downlink): Promise<string> {
    const item = new devicePb.DeviceQueueItem()
    item.setDevEui(devEui)
    item.setFPort(fPort)
    item.setConfirmed(confirmed)
    if ('data' in content) item.setData(content.data)
    else
      item.setObject(
        structPb.Struct.fromJavaScript(content.object as Parameters<typeof structPb.Struct.fromJavaScript>[0]),
      )
    item.setExpiresAt(toTimestamp(expiresAt))
    const request = new devicePb.EnqueueDeviceQueueItemRequest()
    request.setQueueItem(item)
    const response = await this.#call('DeviceService.Enqueue', this.#devices.enqueue.bind(this.#devices), request)
    return response.getId()
  }

  async queue(devEui: string): Promise<readonly QueuedDownlink[]> {
    const request = new devicePb.GetDeviceQueueItemsRequest()
    request.setDevEui(devEui)
    const response = await this.#call('DeviceService.GetQueue', this.#devices.getQueue.bind(this.#devices), request)
    return response.getResultList().map((item) => ({
      id: item.getId(),
      fPort: item.getFPort(),
      confirmed: item.getConfirmed(),
      isPending: item.getIsPending(),
      expiresAt: item.getExpiresAt()?.toDate().getTime(),
    }))
  }

  /** Ends every pending call and the channel; safe to repeat. */
  close(): void {
    this.#closed = true
    for (const end of [...this.#pending]) end()
    this.#channel.close()
  }

  #call<Request, Response>(name: string, method: UnaryMethod<Request, Response>, request: Request): Promise<Response> {
    return tracedCall(this.#options, name, () => this.#send(name, method, request))
  }

  #send<Request, Response>(name: string, method: UnaryMethod<Request, Response>, request: Request): Promise<Response> {
    const { endpoint, metadata, clock, timeoutMs, onRequest } = this.#options
    const what = `${name} at ${endpoint.server.host}:${endpoint.server.port}`
    if (this.#closed) return Promise.reject(new PenstockError('STOPPED', `${what} was ended`))
    onRequest()
    return new Promise((resolve, reject) => {
      const settle = () => {
        cancelTimeout()
        this.#pending.delete(end)
      }
      const call = method(request, metadata, {}, (error, response) => {
        settle()
        if (response !== undefined) resolve(response)
        else reject(rpcError(what, error ?? { code: 2, details: 'the answer is empty' }))
      })
      const giveUp = (error: PenstockError) => {
        settle()
        reject(error)
        call.cancel()
      }
      const end = () => giveUp(new PenstockError('STOPPED', `${what} was ended`))
      // A deadline of gRPC's own is a wall-clock time, and would fire early or late when that clock is set.
      const cancelTimeout = clock.after(timeoutMs, () =>
        giveUp(new PenstockError('TIMEOUT', `${what} was not answered within ${timeoutMs} ms`)),
      )
      this.#pending.add(end)
    })
  }
}

const toListedStatus = (status: DeviceStatus | undefined): ListedStatus | undefined =>
  status && {
    margin: status.getMargin(),
    externalPowerSource: status.getExternalPowerSource(),
    batteryLevel: status.getBatteryLevel(),
  }

function toListedGateway(row: GatewayListItem): ListedGateway {
  const { ONLINE, OFFLINE } = gatewayPb.GatewayState
  const location = row.getLocation()
  return {
    gatewayId: row.getGatewayId(),
    tenantId: row.getTenantId(),
    name: row.getName(),
    description: row.getDescription(),
    state: row.getState() === ONLINE ? 'ONLINE' : row.getState() === OFFLINE ? 'OFFLINE' : 'NEVER_SEEN',
    lastSeenAt: row.getLastSeenAt()?.toDate().getTime(),
    location: location && {
      latitude: location.getLatitude(),
      longitude: location.getLongitude(),
      altitude: location.getAltitude(),
    },
  }
}

type WindowRequest =
  | InstanceType<typeof devicePb.GetDeviceMetricsRequest>
  | InstanceType<typeof devicePb.GetDeviceLinkMetricsRequest>
  | InstanceType<typeof gatewayPb.GetGatewayMetricsRequest>

function setWindow(request: WindowRequest, { bucket, start, end }: MetricWindow): void {
  request.setStart(toTimestamp(start))
  request.setEnd(toTimestamp(end))
  request.setAggregation(aggregationOf(bucket))
}

function codecOf(runtime: number | undefined): Codec {
  const { JS, CAYENNE_LPP } = deviceProfilePb.CodecRuntime
  if (runtime === JS) return 'JS'
  return runtime === CAYENNE_LPP ? 'CAYENNE_LPP' : 'NONE'
}

/** By key: the map comes in any order. */
function measurementsOf(profile: ProfileMessage): Measurement[] {
  const measurements: Measurement[] = []
  profile.getMeasurementsMap().forEach((measurement, key) => {
    measurements.push({ key, name: measurement.getName(), kind: measurementKinds[measurement.getKind()] ?? 'UNKNOWN' })
  })
  return measurements.sort((one, other) => (one.key < other.key ? -1 : 1))
}

function textsOf(map: ReturnType<InstanceType<typeof devicePb.DeviceListItem>['getTagsMap']>): Record<string, string> {
  const texts: [string, string][] = []
  map.forEach((value, key) => void texts.push([key, value]))
  // A name such as __proto__ stays a name.
  return Object.fromEntries(texts)
}
