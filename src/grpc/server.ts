import {
  type ConnectionInjector,
  type Metadata,
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Right } from '../core/user.ts'
import { Authority, type Caller } from './authority.ts'
import { Calls } from './call.ts'
import { commandService } from './command-service.ts'
import { Connections } from './connections.ts'
import { loadDefinitions, serviceOf } from './definitions.ts'
import { Descriptors } from './descriptors.ts'
import { gate } from './gate.ts'
import { healthService } from './health-service.ts'
import { historyService } from './history-service.ts'
import { plantService } from './plant-service.ts'
import { reflectionService } from './reflection-service.ts'
import type { GrpcService } from './service.ts'
import { StreamQuota } from './stream-quota.ts'
import { valueService } from './value-service.ts'

export interface GrpcSettings {
  readonly bind: string
  readonly port: number
  /** As PEM; undefined: connections are not encrypted. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
}

interface GrpcServerParts {
  readonly settings: GrpcSettings
  readonly service: GrpcService
  readonly clock: Clock
  readonly log: Logger
}

/** Far more than any request has. */
const LONGEST_REQUEST = 1_048_576
/** What clients take unless they say otherwise. */
const LONGEST_ANSWER = 4_194_304

const limits = {
  'grpc.max_receive_message_length': LONGEST_REQUEST,
  'grpc.max_send_message_length': LONGEST_ANSWER,
  'grpc.max_concurrent_streams': 100,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_connection_idle_ms': 600_000,
  /** Megabytes of one connection; grpc-js has no limit of its own. */
  'grpc-node.max_session_memory': 32,
  'grpc.enable_channelz': 0,
}

/** The rights of methods that change something; all others need the right to read. */
const rightsOfChanges: Readonly<Record<string, Right>> = { SendCommand: 'command', CancelCommand: 'command' }
const HEALTH = 'grpc.health.v1.Health'

/** The gateway over gRPC, for programs: what the HTTP API has, from the same sources and for the same users. */
export class GrpcServer {
  readonly #server: Server
  readonly #injector: ConnectionInjector
  readonly #connections: Connections

  constructor({ settings, service, clock, log }: GrpcServerParts) {
    const authority = new Authority(service.users)
    const callers = new WeakMap<Metadata, Caller>()
    const drop = (peer: string) => this.#connections.drop(peer)
    const mayRead = (caller: Caller) => authority.stillMay(caller, 'read')
    const calls = new Calls({ clock, log, quota: new StreamQuota(), callers, mayRead, drop })
    const names = ['PlantService', 'ValueService', 'HistoryService', 'CommandService'].map(
      (name) => `penstock.v1.${name}`,
    )
    const health = { clock, log, services: new Set(names), health: service.health }
    const implementations: Readonly<Record<string, UntypedServiceImplementation>> = {
      'penstock.v1.PlantService': plantService(calls, service),
      'penstock.v1.ValueService': valueService(calls, service),
      'penstock.v1.HistoryService': historyService(calls, service),
      'penstock.v1.CommandService': commandService(calls, service),
      'grpc.reflection.v1.ServerReflection': reflectionService(calls, new Descriptors(), [...names, HEALTH]),
      [HEALTH]: healthService(health),
    }
    const definitions = loadDefinitions()
    const rights = new Map<string, Right | 'anyone'>()
    const proven = (peer: string) => this.#connections.proven(peer)
    this.#server = new Server({ ...limits, interceptors: [gate({ authority, rights, callers, proven, log })] })
    for (const [name, implementation] of Object.entries(implementations)) {
      const definition = serviceOf(definitions, name)
      for (const [method, { path }] of Object.entries(definition)) {
        rights.set(path, name === HEALTH ? 'anyone' : (rightsOfChanges[method] ?? 'read'))
      }
      this.#server.addService(definition, implementation)
    }
    this.#injector = this.#server.createConnectionInjector(credentialsOf(settings))
    const serve = (socket: Parameters<ConnectionInjector['injectConnection']>[0]) =>
      this.#injector.injectConnection(socket)
    this.#connections = new Connections({ ...settings, clock, log, serve })
  }

  /** Listens; rejects when the address cannot be bound. Answers the port, which the system chose for port 0. */
  start(): Promise<number> {
    return this.#connections.listen()
  }

  /** Ends every connection; safe to repeat. */
  async stop(): Promise<void> {
    this.#server.forceShutdown()
    await this.#connections.close()
  }
}

function credentialsOf({ tls }: GrpcSettings): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure()
  return ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) },
  ])
}
