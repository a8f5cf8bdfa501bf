import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributeIds,
  ClientMonitoredItem,
  type ClientSession,
  ClientSubscription,
  type DataValue,
  MessageSecurityMode,
  type MonitoringParametersOptions,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  type UserIdentityInfo,
  UserTokenType,
} from 'node-opcua'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { PenstockError } from '../../src/core/errors.ts'
import type { HistorySource } from '../../src/core/history-source.ts'
import { type Logger, silentLogger } from '../../src/core/logger.ts'
import type { Plant } from '../../src/core/plant.ts'
import type { UserRecord } from '../../src/core/user.ts'
import { OpcuaServerRoom } from '../../src/opcua/server-room.ts'
import { defaultOpcuaSettings, type OpcuaSettings } from '../../src/opcua/settings.ts'
import { EngineStandIn } from './opcua-engine.ts'
import { smallPlant } from './opcua-plant.ts'

export const users = [
  { name: 'olga', password: 'observer-password', role: 'Observer' },
  { name: 'emil', password: 'engineer-password', role: 'Engineer' },
] as const

export interface RoomUnderTest {
  readonly room: OpcuaServerRoom
  readonly engine: EngineStandIn
  readonly endpointUrl: string
  readonly pkiFolder: string
  readonly fatal: PenstockError[]
  readonly logged: { level: string; message: string; fields: Record<string, unknown> }[]
  /** A client with an own certificate, not connected yet. */
  client(options?: { policy?: SecurityPolicy; mode?: MessageSecurityMode }): Promise<OPCUAClient>
  /** A session of a client connected with Basic256Sha256, SignAndEncrypt, of the observer unless another is named. */
  session(user?: UserIdentityInfo): Promise<ClientSession>
  /** Ends the clients alone. */
  leave(): Promise<void>
  /** Ends clients and room and removes their certificates. */
  end(): Promise<void>
}

export const asUser = (userName: string, password: string): UserIdentityInfo => ({
  type: UserTokenType.UserName,
  userName,
  password,
})

/** A started OPC UA room on a port of its own, linked to an engine stand-in in the same thread. */
export async function startRoom(
  options: {
    plant?: Plant
    settings?: Partial<OpcuaSettings>
    users?: readonly UserRecord[]
    history?: HistorySource
    freeDiskSpace?: () => Promise<number | undefined>
    clock?: Clock
    engineClock?: Clock
    prepare?: (engine: EngineStandIn) => void
  } = {},
): Promise<RoomUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-opcua-'))
  const engine = new EngineStandIn(options.plant ?? smallPlant(), options.engineClock)
  options.prepare?.(engine)
  const fatal: PenstockError[] = []
  const { log, logged } = recordingLogger()
  const room = new OpcuaServerRoom({
    settings: roomSettings(join(folder, 'server'), options.settings),
    users: options.users ?? [],
    history: options.history ?? noHistory,
    ...noMachine,
    ...(options.freeDiskSpace ? { freeDiskSpace: options.freeDiskSpace } : {}),
    clock: options.clock ?? systemClock,
    log,
    onFatal: (error) => fatal.push(error),
  })
  await room.start(engine.port)
  const endpointUrl = room.health().endpoints[0] ?? ''
  const clients: OPCUAClient[] = []
  const certificates = new OPCUACertificateManager({
    rootFolder: join(folder, 'client'),
    automaticallyAcceptUnknownCertificate: true,
  })

  const client: RoomUnderTest['client'] = async ({ policy, mode } = {}) => {
    await certificates.initialize()
    const made = OPCUAClient.create({
      applicationName: 'Test',
      endpointMustExist: false,
      securityPolicy: policy ?? SecurityPolicy.Basic256Sha256,
      securityMode: mode ?? MessageSecurityMode.SignAndEncrypt,
      clientCertificateManager: certificates,
      connectionStrategy: { maxRetry: 0, initialDelay: 50, maxDelay: 100 },
    })
    clients.push(made)
    return made
  }

  const leave = async () => {
    for (const made of clients.splice(0)) await made.disconnect()
  }

  return {
    room,
    engine,
    endpointUrl,
    pkiFolder: join(folder, 'server'),
    fatal,
    logged,
    client,
    async session(user = asUser(users[0].name, users[0].password)) {
      const made = await client()
      await made.connect(endpointUrl)
      return made.createSession(user)
    },
    leave,
    async end() {
      await leave()
      await room.stop()
      engine.die()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What a room is told of the gateway and its machine. */
export const noMachine = {
  identity: { version: '1.2.3', startedAt: 0, sendsToPostgres: true },
  freeDiskSpace: async () => 5_000_000_000,
}

/** Of tags that have said nothing yet. */
export const noHistory: HistorySource = { read: () => [], summaries: () => [], columns: () => [] }

export const roomSettings = (pkiFolder: string, settings: Partial<OpcuaSettings> = {}): OpcuaSettings => ({
  ...defaultOpcuaSettings,
  host: '127.0.0.1',
  port: 0,
  hostname: '127.0.0.1',
  pkiFolder,
  autoTrustClients: true,
  users,
  ...settings,
})

export function recordingLogger(): { log: Logger; logged: RoomUnderTest['logged'] } {
  const logged: RoomUnderTest['logged'] = []
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => {
    logged.push({ level, message, fields })
  }
  const log: Logger = {
    ...silentLogger,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  }
  return { log, logged }
}

export const PLANT_NAMESPACE = 4
export const nodeId = (id: string): string => `ns=${PLANT_NAMESPACE};s=${id}`

/** Every DataValue that a subscription brought, in order. */
export async function watch(
  session: ClientSession,
  id: string,
  parameters: MonitoringParametersOptions = {},
): Promise<{ values: DataValue[]; subscription: ClientSubscription }> {
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 100,
    publishingEnabled: true,
  })
  const values: DataValue[] = []
  await monitor(subscription, id, values, parameters)
  return { values, subscription }
}

export async function monitor(
  subscription: ClientSubscription,
  id: string,
  values: DataValue[],
  parameters: MonitoringParametersOptions = {},
  attributeId = AttributeIds.Value,
): Promise<ClientMonitoredItem> {
  const item = ClientMonitoredItem.create(
    subscription,
    { nodeId: id, attributeId },
    { samplingInterval: 50, queueSize: 10, discardOldest: true, ...parameters },
    TimestampsToReturn.Both,
  )
  item.on('changed', (value: DataValue) => values.push(value))
  await new Promise<void>((resolve, reject) => {
    item.once('initialized', () => resolve())
    item.once('err', (message: string) => reject(new Error(message)))
  })
  return item
}
