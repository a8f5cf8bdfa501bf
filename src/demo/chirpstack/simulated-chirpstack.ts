import { ApplicationServiceService } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import type { ListApplicationsRequest } from '@chirpstack/chirpstack-api/api/application_pb.js'
import { DeviceServiceService } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import type { ListDevicesRequest } from '@chirpstack/chirpstack-api/api/device_pb.js'
import { DeviceProfileServiceService } from '@chirpstack/chirpstack-api/api/device_profile_grpc_pb.js'
import type { GetDeviceProfileRequest } from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import { InternalServiceService } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb, { type LogItem, type StreamDeviceEventsRequest } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import { Access, type Scope } from './access.ts'
import { CallFault } from './call-fault.ts'
import { Directory, type SimulatedDevice } from './directory.ts'
import { commonBody, type Uplink, uplinkBody } from './event-body.ts'
import { EventLogs } from './event-log.ts'
import { type Demand, getProfile, listApplications, listDevices } from './lists.ts'

/** How every call ends while the server is unavailable: with a status, or never. */
export type Outage = { readonly code: status; readonly details: string } | 'silent'

interface OpenStream {
  readonly devEui: string
  end(fault: CallFault | undefined): void
}

export interface SimulatedChirpStackOptions {
  readonly clock: Clock
  readonly log?: Logger
  /** Told of every call, with what it asks for as it was sent: a tenant, an application, a profile or a DevEUI. */
  readonly onCall?: (method: string, subject: string) => void
  /** Streams and calls at once on one connection, as a proxy before ChirpStack limits them; it has no limit itself. */
  readonly maxConcurrentStreams?: number
}

/**
 * A ChirpStack v4 for the demonstration and for tests: a real gRPC server with the calls that a gateway needs, and their
 * oddities. Its devices send what they are told to, with `uplink` and `event`.
 */
export class SimulatedChirpStack {
  readonly directory = new Directory()
  readonly access = new Access()
  readonly logs: EventLogs
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onCall: (method: string, subject: string) => void
  readonly #serverOptions: ServerOptions
  readonly #streams = new Set<OpenStream>()
  #outage: Outage | undefined
  #server: Server | undefined

  constructor({
    clock,
    log = silentLogger,
    onCall = () => undefined,
    maxConcurrentStreams,
  }: SimulatedChirpStackOptions) {
    this.#serverOptions =
      maxConcurrentStreams === undefined ? {} : { 'grpc.max_concurrent_streams': maxConcurrentStreams }
    this.#clock = clock
    this.#log = log
    this.#onCall = onCall
    this.logs = new EventLogs(clock)
  }

  /** Serves plain HTTP/2; resolves with the port. */
  async listen(port = 0, host = '127.0.0.1'): Promise<number> {
    const server = new Server(this.#serverOptions)
    server.addService(ApplicationServiceService, {
      list: this.#unary(
        'ApplicationService.List',
        (request: ListApplicationsRequest) => request.getTenantId(),
        listApplications,
      ),
    })
    server.addService(DeviceServiceService, {
      list: this.#unary('DeviceService.List', (request: ListDevicesRequest) => request.getApplicationId(), listDevices),
    })
    server.addService(DeviceProfileServiceService, {
      get: this.#unary('DeviceProfileService.Get', (request: GetDeviceProfileRequest) => request.getId(), getProfile),
    })
    server.addService(InternalServiceService, {
      // Needs no key, as in ChirpStack.
      settings: this.#unary(
        'InternalService.Settings',
        () => '',
        () => new internalPb.SettingsResponse(),
      ),
      streamDeviceEvents: (call: ServerWritableStream<StreamDeviceEventsRequest, LogItem>) => this.#stream(call),
    })
    this.#server = server
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, at) =>
        error ? reject(error) : resolve(at),
      )
    })
    this.#log.info({ host, port: bound }, 'Simulated ChirpStack listens')
    return bound
  }

  /** Ends every stream and connection. */
  async close(): Promise<void> {
    this.#server?.forceShutdown()
    this.#server = undefined
    this.#streams.clear()
  }

  /** A device sends; answers the event's deduplication id. */
  uplink(devEui: string, uplink: Uplink): string {
    const device = this.#device(devEui)
    const time = uplink.time === undefined ? this.#clock.now() : uplink.time
    device.lastSeenAt = this.#clock.now()
    const common = commonBody(this.directory, device, time, uplink.id)
    this.logs.append(device.devEui, 'up', JSON.stringify({ ...common, ...uplinkBody(device, uplink) }))
    device.fCnt++
    return String(common.deduplicationId)
  }

  /** Any other event: `body` is added to what every event has, and wins. */
  event(devEui: string, kind: string, body: Readonly<Record<string, unknown>>): void {
    const device = this.#device(devEui)
    const common = commonBody(this.directory, device, this.#clock.now())
    this.logs.append(device.devEui, kind, JSON.stringify({ ...common, ...body }))
  }

  /** An entry of the log as it stands, JSON or not; `time` null: without a time. */
  rawEvent(devEui: string, kind: string, body: string, time?: Milliseconds | null): void {
    this.logs.append(devEui, kind, body, time)
  }

  /** Event streams that are open, of one device or of all. */
  openStreams(devEui?: string): number {
    return [...this.#streams].filter((stream) => devEui === undefined || stream.devEui === devEui).length
  }

  /** Ends streams, of one device or of all: in order, or with a status. */
  breakStreams(devEui?: string, code: status = status.UNAVAILABLE, details = ''): void {
    const fault = code === status.OK ? undefined : new CallFault(code, details)
    for (const stream of [...this.#streams]) if (devEui === undefined || stream.devEui === devEui) stream.end(fault)
  }

  /** From now on every new call ends so; undefined: calls are answered again. Open streams go on. */
  setUnavailable(outage: Outage | undefined): void {
    this.#outage = outage
  }

  #device(devEui: string): SimulatedDevice {
    const device = this.directory.devices.get(devEui.toLowerCase())
    if (!device) throw new Error(`The simulated ChirpStack has no device ${devEui}`)
    return device
  }

  #unary<Request, Response>(
    method: string,
    subjectOf: (request: Request) => string,
    answer: (directory: Directory, request: Request, demand: Demand) => Response,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      this.#onCall(method, subjectOf(call.request))
      if (this.#outage === 'silent') return
      try {
        const scope = this.#admit(call.metadata)
        const demand: Demand = (tenantId) => this.access.demand(scope, tenantId)
        callback(null, answer(this.directory, call.request, demand))
      } catch (error) {
        if (!(error instanceof CallFault)) throw error
        callback(error.toResponse())
      }
    }
  }

  #stream(call: ServerWritableStream<StreamDeviceEventsRequest, LogItem>): void {
    const devEui = call.request.getDevEui()
    this.#onCall('InternalService.StreamDeviceEvents', devEui)
    if (this.#outage === 'silent') return
    try {
      const scope = this.#admit(call.metadata)
      if (!/^[0-9a-f]{16}$/i.test(devEui)) throw new CallFault(status.INTERNAL, 'Invalid hex string')
      const tenantId = this.directory.tenantOf(devEui)
      this.access.demand(scope, tenantId)
      if (tenantId === undefined) throw new CallFault(status.NOT_FOUND, `Object does not exist (id: ${devEui})`)
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      call.emit('error', error.toResponse())
      return
    }
    call.sendMetadata(new Metadata())
    const unfollow = this.logs.follow(devEui, (item) => call.write(item))
    const stream: OpenStream = {
      devEui,
      end: (fault) => {
        leave()
        if (fault) call.emit('error', fault.toResponse())
        else call.end()
      },
    }
    const leave = () => {
      unfollow()
      this.#streams.delete(stream)
    }
    this.#streams.add(stream)
    call.on('cancelled', leave)
    call.on('close', leave)
  }

  #admit(metadata: Metadata): Scope | 'nobody' | undefined {
    const outage = this.#outage
    if (outage !== undefined && outage !== 'silent') throw new CallFault(outage.code, outage.details)
    return this.access.identify(metadata)
  }
}
