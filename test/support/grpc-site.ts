import { fileURLToPath } from 'node:url'
import {
  ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientReadableStream,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { type Logger, silentLogger } from '../../src/core/logger.ts'
import type { Plant } from '../../src/core/plant.ts'
import { GrpcServer, type GrpcSettings } from '../../src/grpc/server.ts'
import { basic, USERS, type UserName, WebServer } from './web-server.ts'

export const PROTO = fileURLToPath(new URL('../../proto', import.meta.url))

/** As a program loads them that has nothing but the files. */
const definitions = loadSync(
  [
    'penstock/v1/plant_service.proto',
    'penstock/v1/value_service.proto',
    'penstock/v1/history_service.proto',
    'penstock/v1/command_service.proto',
    'grpc/health/v1/health.proto',
    'grpc/reflection/v1/reflection.proto',
  ],
  { includeDirs: [PROTO], longs: String, enums: String, defaults: true, oneofs: true },
)

export const methodOf = (service: string, method: string) => {
  const found = (definitions[service] as ServiceDefinition | undefined)?.[method]
  if (!found) throw new Error(`There is no ${service}/${method}`)
  return found
}

/** `ValueService` is `penstock.v1.ValueService`. */
const fullName = (service: string): string => (service.includes('.') ? service : `penstock.v1.${service}`)

/** How a call ended: its status code by name, and the code that programs go by. */
export interface Ended {
  readonly status: string
  readonly code: string
  readonly message: string
}

export const endedBy = ({ code, details, metadata }: StatusObject | ServiceError): Ended => ({
  status: status[code] ?? String(code),
  code: String(metadata?.get('penstock-code')[0] ?? ''),
  message: details,
})

/** A stream that a program follows; keeps all that came. */
export class Followed<Message> {
  readonly messages: Message[] = []
  readonly ended: Promise<Ended>
  readonly call: ClientReadableStream<object>

  constructor(call: ClientReadableStream<object>) {
    this.call = call
    call.on('data', (message) => this.messages.push(message as Message))
    call.on('error', () => undefined)
    this.ended = new Promise((resolve) => {
      call.on('status', (object: StatusObject) => resolve(endedBy(object)))
    })
  }

  async close(): Promise<Ended> {
    this.call.cancel()
    return this.ended
  }
}

/** A program's own connection to the gateway. */
export class GrpcClient extends Client {
  constructor(
    address: string,
    credentials = ChannelCredentials.createInsecure(),
    options: ChannelOptions = { 'grpc.use_local_subchannel_pool': 1 },
  ) {
    super(address, credentials, options)
  }

  /** Answers; rejects with `Ended`. */
  ask<Answer = Record<string, unknown>>(
    service: string,
    method: string,
    request: object = {},
    as?: UserName | Metadata,
  ) {
    const { path, requestSerialize, responseDeserialize } = methodOf(fullName(service), method)
    return new Promise<Answer>((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: unknown) => {
        if (error) reject(endedBy(error))
        else resolve(answer as Answer)
      }
      this.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadataOf(as), answered)
    })
  }

  follow<Message>(service: string, method: string, request: object = {}, as?: UserName | Metadata, deadline?: Date) {
    const { path, requestSerialize, responseDeserialize } = methodOf(fullName(service), method)
    const options = deadline ? { deadline } : {}
    const metadata = metadataOf(as)
    return new Followed<Message>(
      this.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, options),
    )
  }

  /** All messages of a stream that ends by itself. */
  async all<Message>(service: string, method: string, request: object, as: UserName): Promise<Message[]> {
    const stream = this.follow<Message>(service, method, request, as)
    const ended = await stream.ended
    if (ended.status !== 'OK') throw new Error(`The stream ended with ${ended.status}: ${ended.message}`)
    return stream.messages
  }
}

export function metadataOf(as: UserName | Metadata | undefined): Metadata {
  if (as instanceof Metadata) return as
  const metadata = new Metadata()
  if (as !== undefined) metadata.set('authorization', basic(as, USERS[as].password))
  return metadata
}

interface SiteOptions {
  readonly plant: Plant
  readonly tls?: GrpcSettings['tls']
  readonly clock?: Clock
  readonly log?: Logger
}

/** The gRPC server of a gateway whose engine a stand-in is, at a port of the system's choice. */
export class GrpcSite {
  readonly web: WebServer
  readonly address: string
  readonly server: GrpcServer
  /** Without encryption; a site with TLS is reached by a client of one's own. */
  readonly client: GrpcClient

  private constructor(web: WebServer, server: GrpcServer, port: number) {
    this.web = web
    this.server = server
    this.address = `127.0.0.1:${port}`
    this.client = new GrpcClient(this.address)
  }

  static async start({ plant, tls, clock = systemClock, log = silentLogger }: SiteOptions): Promise<GrpcSite> {
    const web = await WebServer.start({ plant, users: ['olga', 'oscar', 'erik', 'carl', 'sam'], log })
    const settings = { bind: '127.0.0.1', port: 0, tls }
    const server = new GrpcServer({ settings, service: { ...web.service, clock }, clock, log })
    return new GrpcSite(web, server, await server.start())
  }

  get engine() {
    if (!this.web.engine) throw new Error('no engine')
    return this.web.engine
  }

  /** A device says a value of a tag. */
  say(id: string, value: unknown): void {
    this.engine.pipeline.polled(this.engine.tag(id), value as number)
  }

  async stop(): Promise<void> {
    this.client.close()
    await this.server.stop()
    await this.web.stop()
  }
}
