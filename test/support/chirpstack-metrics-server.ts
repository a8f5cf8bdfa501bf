import { ApplicationServiceService } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import applicationPb from '@chirpstack/chirpstack-api/api/application_pb.js'
import { DeviceServiceService } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import devicePb, {
  type GetDeviceLinkMetricsRequest,
  type GetDeviceMetricsRequest,
  type ListDevicesRequest,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import { DeviceProfileServiceService } from '@chirpstack/chirpstack-api/api/device_profile_grpc_pb.js'
import deviceProfilePb from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import { GatewayServiceService } from '@chirpstack/chirpstack-api/api/gateway_grpc_pb.js'
import gatewayPb, {
  type GetGatewayMetricsRequest,
  type ListGatewaysRequest,
} from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import { InternalServiceService } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import type { LogItem, StreamDeviceEventsRequest } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import commonPb, { type Metric } from '@chirpstack/chirpstack-api/common/common_pb.js'
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import type { Milliseconds } from '../../src/core/clock.ts'
import { CallFault } from '../../src/demo/chirpstack/call-fault.ts'
import { toTimestamp } from '../../src/demo/chirpstack/timestamp.ts'
import { type BucketSize, bucketSizes } from '../../src/sources/chirpstack/polled-address.ts'
import { TENANT } from './chirpstack-plant.ts'
import { ServerZone } from './chirpstack-zone.ts'

export type Kind = 'COUNTER' | 'ABSOLUTE' | 'GAUGE' | 'STRING' | 'UNKNOWN'

export interface MetricsDevice {
  lastSeenAt?: Milliseconds
  status?: { margin: number; externalPowerSource: boolean; batteryLevel: number }
  readonly kinds: Map<string, Kind>
  readonly states: Map<string, string>
}

export interface MetricsGateway {
  tenantId: string
  state: 'NEVER_SEEN' | 'ONLINE' | 'OFFLINE'
  lastSeenAt?: Milliseconds
  location?: { latitude: number; longitude: number; altitude: number }
}

/** A call ends with a gRPC status, or never, or is answered. */
export type Fault = { readonly code: status; readonly details: string } | 'silent' | undefined

interface Sample {
  readonly time: Milliseconds
  readonly value: number
}

interface PeriodRequest {
  getStart(): { toDate(): Date } | undefined
  getEnd(): { toDate(): Date } | undefined
  getAggregation(): number
}

/**
 * The metrics of ChirpStack v4 on a real gRPC server: buckets in the zone of the server, 0 for an empty one, float32,
 * a mean for GAUGE, a sum for ABSOLUTE, the last for COUNTER, a text without time for STRING, nothing for UNKNOWN.
 */
export class ChirpStackMetricsServer {
  readonly devices = new Map<string, MetricsDevice>()
  readonly gateways = new Map<string, MetricsGateway>()
  readonly asked: { readonly method: string; readonly subject: string }[] = []
  /** Decides how each call ends. */
  onCall: (method: string, subject: string) => Fault | Promise<Fault> = () => undefined
  /** Told of how many buckets each metric is asked for. */
  onWindow: (buckets: number) => void = () => undefined
  uplinkInterval = 0
  /** Answers the raw numbers of a metric as they are on the wire, whatever was recorded. */
  readonly raw = new Map<string, number>()
  readonly #zone: ServerZone
  readonly #samples = new Map<string, Sample[]>()
  readonly #server = new Server()
  port = 0

  constructor(timeZone = 'UTC') {
    this.#zone = new ServerZone(timeZone)
  }

  static async start(timeZone?: string): Promise<ChirpStackMetricsServer> {
    const server = new ChirpStackMetricsServer(timeZone)
    await server.listen()
    return server
  }

  addDevice(devEui: string, kinds: Readonly<Record<string, Kind>> = {}): MetricsDevice {
    const device: MetricsDevice = { kinds: new Map(Object.entries(kinds)), states: new Map() }
    this.devices.set(devEui, device)
    return device
  }

  addGateway(gatewayId: string, gateway: Partial<MetricsGateway> = {}): MetricsGateway {
    const added: MetricsGateway = { tenantId: TENANT, state: 'NEVER_SEEN', ...gateway }
    this.gateways.set(gatewayId, added)
    return added
  }

  /** One frame of a device, through its best gateway, with what its codec decoded. */
  uplink(devEui: string, time: Milliseconds, values: Readonly<Record<string, number>>, link = { rssi: -90, snr: 7.5 }) {
    this.#record(`${devEui} rx_count`, time, 1)
    this.#record(`${devEui} gw_rssi_sum`, time, link.rssi)
    this.#record(`${devEui} gw_snr_sum`, time, link.snr)
    this.#record(`${devEui} rx_dr 5`, time, 1)
    for (const [key, value] of Object.entries(values)) this.#record(`${devEui} ${key}`, time, value)
    const device = this.devices.get(devEui)
    if (device) device.lastSeenAt = Math.max(device.lastSeenAt ?? 0, time)
  }

  failedJoin(devEui: string, time: Milliseconds): void {
    this.#record(`${devEui} error UPLINK_MIC`, time, 1)
  }

  /** A gateway's statistics. */
  gatewayStats(gatewayId: string, time: Milliseconds, { rx, tx }: { rx: number; tx: number }): void {
    this.#record(`${gatewayId} rx`, time, rx)
    this.#record(`${gatewayId} tx`, time, tx)
    const gateway = this.gateways.get(gatewayId)
    if (gateway) gateway.lastSeenAt = Math.max(gateway.lastSeenAt ?? 0, time)
  }

  subjects(method: string): string[] {
    return this.asked.filter((call) => call.method === method).map(({ subject }) => subject)
  }

  async listen(port = 0): Promise<void> {
    const server = this.#server
    server.addService(ApplicationServiceService, {
      list: this.#unary(
        'ApplicationService.List',
        () => '',
        () => {
          const response = new applicationPb.ListApplicationsResponse()
          response.setTotalCount(1)
          const row = new applicationPb.ApplicationListItem()
          row.setId('0c1b8b2a-6d6f-4f0b-8f9e-2f9d3c0a7e11')
          response.addResult(row)
          return response
        },
      ),
    })
    server.addService(DeviceServiceService, {
      list: this.#unary(
        'DeviceService.List',
        () => '',
        (request: ListDevicesRequest) => this.#listDevices(request),
      ),
      getMetrics: this.#unary(
        'DeviceService.GetMetrics',
        (request: GetDeviceMetricsRequest) => request.getDevEui(),
        (request) => this.#deviceMetrics(request),
      ),
      getLinkMetrics: this.#unary(
        'DeviceService.GetLinkMetrics',
        (request: GetDeviceLinkMetricsRequest) => request.getDevEui(),
        (request) => this.#linkMetrics(request),
      ),
    })
    server.addService(DeviceProfileServiceService, {
      get: this.#unary(
        'DeviceProfileService.Get',
        () => '',
        () => {
          const profile = new deviceProfilePb.DeviceProfile()
          profile.setUplinkInterval(this.uplinkInterval)
          const response = new deviceProfilePb.GetDeviceProfileResponse()
          response.setDeviceProfile(profile)
          return response
        },
      ),
    })
    server.addService(GatewayServiceService, {
      list: this.#unary(
        'GatewayService.List',
        (request: ListGatewaysRequest) => request.getTenantId(),
        (request) => this.#listGateways(request),
      ),
      getMetrics: this.#unary(
        'GatewayService.GetMetrics',
        (request: GetGatewayMetricsRequest) => request.getGatewayId(),
        (request) => this.#gatewayMetrics(request),
      ),
    })
    server.addService(InternalServiceService, {
      streamDeviceEvents: (call: ServerWritableStream<StreamDeviceEventsRequest, LogItem>) => {
        this.asked.push({ method: 'InternalService.StreamDeviceEvents', subject: call.request.getDevEui() })
        call.sendMetadata(new Metadata())
      },
    })
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
        error ? reject(error) : resolve(at),
      )
    })
  }

  close(): void {
    this.#server.forceShutdown()
  }

  #unary<Request, Response>(
    method: string,
    subjectOf: (request: Request) => string,
    answer: (request: Request) => Response,
  ) {
    const end = (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>, fault: Fault) => {
      if (fault === 'silent') return
      if (fault) return callback(fault)
      try {
        callback(null, answer(call.request))
      } catch (error) {
        if (!(error instanceof CallFault)) throw error
        callback(error.toResponse())
      }
    }
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
      const subject = subjectOf(call.request)
      this.asked.push({ method, subject })
      void Promise.resolve(this.onCall(method, subject)).then((fault) => end(call, callback, fault))
    }
  }

  #record(name: string, time: Milliseconds, value: number): void {
    const samples = this.#samples.get(name) ?? []
    this.#samples.set(name, samples)
    samples.push({ time, value })
  }

  #listDevices(request: ListDevicesRequest) {
    const all = [...this.devices].sort(([a], [b]) => (a < b ? -1 : 1))
    const response = new devicePb.ListDevicesResponse()
    response.setTotalCount(all.length)
    for (const [devEui, { lastSeenAt, status: answered }] of all
      .slice(request.getOffset())
      .slice(0, request.getLimit())) {
      const row = new devicePb.DeviceListItem()
      row.setDevEui(devEui)
      row.setName(`Name of ${devEui}`)
      row.setDeviceProfileId('b6d2c2a0-0b0e-4d5e-9f57-0f4b8d0f2c11')
      row.setDeviceProfileName('Climate')
      if (lastSeenAt !== undefined) row.setLastSeenAt(toTimestamp(lastSeenAt))
      if (answered) {
        const message = new devicePb.DeviceStatus()
        message.setMargin(answered.margin)
        message.setExternalPowerSource(answered.externalPowerSource)
        message.setBatteryLevel(answered.batteryLevel)
        row.setDeviceStatus(message)
      }
      response.addResult(row)
    }
    return response
  }

  /** Whoever asks with a tenant's key for a device that is not there learns only that it is refused. */
  #device(devEui: string): MetricsDevice {
    const device = this.devices.get(devEui)
    if (!device) throw new CallFault(status.UNAUTHENTICATED, '')
    return device
  }

  #deviceMetrics(request: GetDeviceMetricsRequest) {
    const device = this.#device(request.getDevEui())
    const response = new devicePb.GetDeviceMetricsResponse()
    for (const [key, kind] of [...device.kinds].reverse()) {
      if (kind === 'UNKNOWN') continue
      if (kind === 'STRING') {
        const state = new devicePb.DeviceState()
        state.setName(key)
        state.setValue(device.states.get(key) ?? '')
        response.getStatesMap().set(key, state)
      } else {
        response.getMetricsMap().set(key, this.#metric(request, key, kind, [[key, `${request.getDevEui()} ${key}`]]))
      }
    }
    return response
  }

  #linkMetrics(request: GetDeviceLinkMetricsRequest) {
    const devEui = request.getDevEui()
    this.#device(devEui)
    const response = new devicePb.GetDeviceLinkMetricsResponse()
    const one = (name: string, kind: Kind, from: string) =>
      this.#metric(request, name, kind, [[from, `${devEui} ${from}`]])
    response.setRxPackets(one('Received', 'ABSOLUTE', 'rx_count'))
    response.setGwRssi(one('RSSI', 'GAUGE', 'gw_rssi_sum'))
    response.setGwSnr(one('SNR', 'GAUGE', 'gw_snr_sum'))
    response.setRxPacketsPerDr(this.#metric(request, 'Received / DR', 'ABSOLUTE', this.#labels(`${devEui} rx_dr `)))
    response.setRxPacketsPerFreq(this.#metric(request, 'Received / frequency', 'ABSOLUTE', []))
    response.setErrors(this.#metric(request, 'Errors', 'ABSOLUTE', this.#labels(`${devEui} error `)))
    return response
  }

  #listGateways(request: ListGatewaysRequest) {
    const all = [...this.gateways].sort(([a], [b]) => (a < b ? -1 : 1))
    const response = new gatewayPb.ListGatewaysResponse()
    response.setTotalCount(all.length)
    for (const [gatewayId, gateway] of all.slice(request.getOffset()).slice(0, request.getLimit())) {
      const row = new gatewayPb.GatewayListItem()
      row.setGatewayId(gatewayId)
      row.setTenantId(gateway.tenantId)
      row.setName(`Name of ${gatewayId}`)
      row.setState(gatewayPb.GatewayState[gateway.state])
      if (gateway.lastSeenAt !== undefined) row.setLastSeenAt(toTimestamp(gateway.lastSeenAt))
      const location = new commonPb.Location()
      location.setLatitude(gateway.location?.latitude ?? 0)
      location.setLongitude(gateway.location?.longitude ?? 0)
      location.setAltitude(gateway.location?.altitude ?? 0)
      row.setLocation(location)
      response.addResult(row)
    }
    return response
  }

  #gatewayMetrics(request: GetGatewayMetricsRequest) {
    const id = request.getGatewayId()
    if (this.gateways.get(id)?.tenantId !== TENANT) throw new CallFault(status.UNAUTHENTICATED, '')
    const response = new gatewayPb.GetGatewayMetricsResponse()
    response.setRxPackets(this.#metric(request, 'Received', 'ABSOLUTE', [['rx_count', `${id} rx`]]))
    response.setTxPackets(this.#metric(request, 'Transmitted', 'ABSOLUTE', [['tx_count', `${id} tx`]]))
    return response
  }

  #labels(prefix: string): [string, string][] {
    const names = [...this.#samples.keys()].filter((name) => name.startsWith(prefix))
    return names.map((name) => [name.slice(prefix.length), name])
  }

  /** A point for each bucket from that of start to that of end; all 0 for minutes, which are never written. */
  #metric(request: PeriodRequest, name: string, kind: Kind, datasets: readonly (readonly [string, string])[]): Metric {
    const [start, end] = [request.getStart()?.toDate().getTime(), request.getEnd()?.toDate().getTime()]
    if (start === undefined) throw new CallFault(status.INTERNAL, 'start is None')
    if (end === undefined) throw new CallFault(status.INTERNAL, 'end is None')
    const size = bucketSizes[request.getAggregation()]
    if (!size) throw new CallFault(status.INTERNAL, 'no minutes are asked for in these tests')
    const buckets: { local: Milliseconds; instant: Milliseconds }[] = []
    const last = this.#zone.bucketOf(end, size)
    for (let local = this.#zone.bucketOf(start, size); local <= last; local = this.#zone.nextBucket(local, size)) {
      const instant = this.#zone.toInstant(local)
      if (instant !== undefined) buckets.push({ local, instant })
    }
    this.onWindow(buckets.length)
    const metric = new commonPb.Metric()
    metric.setName(name)
    metric.setKind(commonPb.MetricKind[kind as 'COUNTER' | 'ABSOLUTE' | 'GAUGE'])
    metric.setTimestampsList(buckets.map(({ instant }) => toTimestamp(instant)))
    for (const [label, from] of datasets) {
      const dataset = new commonPb.MetricDataset()
      dataset.setLabel(label)
      dataset.setDataList(buckets.map(({ local }) => this.raw.get(from) ?? this.#value(from, kind, local, size)))
      metric.addDatasets(dataset)
    }
    return metric
  }

  #value(from: string, kind: Kind, local: Milliseconds, size: BucketSize): number {
    const samples = this.#samples.get(from) ?? []
    const values = samples.filter(({ time }) => this.#zone.bucketOf(time, size) === local).map(({ value }) => value)
    if (values.length === 0) return 0
    if (kind === 'COUNTER') return values.at(-1) ?? 0
    const sum = values.reduce((a, b) => a + b, 0)
    return kind === 'GAUGE' ? sum / values.length : sum
  }
}
