import { ApplicationServiceClient } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import { DeviceServiceClient } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import { DeviceProfileServiceClient } from '@chirpstack/chirpstack-api/api/device_profile_grpc_pb.js'
import { GatewayServiceClient } from '@chirpstack/chirpstack-api/api/gateway_grpc_pb.js'
import { InternalServiceClient } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb, { type LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { TenantServiceClient } from '@chirpstack/chirpstack-api/api/tenant_grpc_pb.js'
import {
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import timestampPb, { type Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js'

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, response?: Response) => void,
) => ClientUnaryCall

/** What came of a stream so far. */
export interface SeenStream {
  readonly call: ClientReadableStream<LogItem>
  /** The headers came. */
  accepted: boolean
  readonly items: LogItem[]
  end: ServiceError | 'OK' | undefined
}

/** The generated clients of ChirpStack's API at one address with one key, over connections of their own. */
export class ChirpStackClients {
  readonly applications: ApplicationServiceClient
  readonly devices: DeviceServiceClient
  readonly profiles: DeviceProfileServiceClient
  readonly gateways: GatewayServiceClient
  readonly internal: InternalServiceClient
  readonly tenants: TenantServiceClient
  readonly #metadata = new Metadata()
  readonly #streams: ClientReadableStream<LogItem>[] = []

  /** `key` undefined: without an authorization header. */
  constructor(port: number, key: string | undefined, options: object = {}, host = '127.0.0.1') {
    const at = `${host}:${port}`
    const plain = credentials.createInsecure()
    const own = { 'grpc.use_local_subchannel_pool': 1, ...options }
    this.applications = new ApplicationServiceClient(at, plain, own)
    this.devices = new DeviceServiceClient(at, plain, own)
    this.profiles = new DeviceProfileServiceClient(at, plain, own)
    this.gateways = new GatewayServiceClient(at, plain, own)
    this.internal = new InternalServiceClient(at, plain, own)
    this.tenants = new TenantServiceClient(at, plain, own)
    if (key !== undefined) this.#metadata.set('authorization', `Bearer ${key}`)
  }

  /** Calls a method of one of the clients; rejects with the ServiceError. */
  ask<Request, Response>(
    client: object,
    method: Unary<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      method.call(client, request, this.#metadata, options, (error, response) => {
        if (response === undefined) reject(error ?? new Error('neither answer nor error'))
        else resolve(response)
      })
    })
  }

  stream(devEui: string): SeenStream {
    const request = new internalPb.StreamDeviceEventsRequest()
    request.setDevEui(devEui)
    const call = this.internal.streamDeviceEvents(request, this.#metadata)
    this.#streams.push(call)
    const seen: SeenStream = { call, accepted: false, items: [], end: undefined }
    call.on('metadata', () => {
      seen.accepted = true
    })
    call.on('data', (item: LogItem) => seen.items.push(item))
    call.on('error', (error: ServiceError) => {
      seen.end ??= error
    })
    call.on('end', () => {
      seen.end ??= 'OK'
    })
    return seen
  }

  close(): void {
    for (const call of this.#streams) call.cancel()
    const { applications, devices, profiles, gateways, internal, tenants } = this
    for (const client of [applications, devices, profiles, gateways, internal, tenants]) client.close()
  }
}

/** The body of an entry, of which a test says what is in it. */
export const bodyOf = <Body = Record<string, unknown>>(item: LogItem | undefined): Body =>
  JSON.parse(item?.getBody() ?? 'null') as Body

export const fCntsOf = ({ items }: SeenStream): unknown[] => items.map((item) => bodyOf(item).fCnt)
export const kindsOf = ({ items }: SeenStream): string[] => items.map((item) => item.getDescription())

export function timestamp(time: number): Timestamp {
  const message = new timestampPb.Timestamp()
  message.fromDate(new Date(time))
  return message
}
