import type { MessagePort } from 'node:worker_threads'
import type { NodeId, OPCUAServer, UAVariable } from 'node-opcua'
import { type Alarm, alarmSeverities } from '../core/alarm.ts'
import type { AuditEntry } from '../core/audit.ts'
import type {
  CertificateAnswer,
  CertificateChange,
  CertificateName,
  KnownCertificate,
  KnownRevocationList,
} from '../core/certificate.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import { PenstockError } from '../core/errors.ts'
import type { AskedHistoryEdit } from '../core/history-edit.ts'
import type { HistorySource } from '../core/history-source.ts'
import type { Logger } from '../core/logger.ts'
import type { SampleBatch } from '../core/sample.ts'
import type { TraceParent, Tracing } from '../core/tracing.ts'
import type { UserRecord } from '../core/user.ts'
import type { OpcuaHealth, OpcuaSession, TagWatcher, UsersChanged } from '../link/contract.ts'
import { collectStartupGarbage } from '../telemetry/startup-garbage.ts'
import type { GatewayIdentity } from './address-space/gateway-nodes.ts'
import { PLANT_URI } from './address-space/namespaces.ts'
import { raiseAlarm } from './alarm-events.ts'
import { AuditTrail } from './audit/audit-trail.ts'
import { EngineConnection, type EngineListener } from './engine-connection.ts'
import { auditTo } from './hardening/audit-operations.ts'
import { announceHistory } from './history/capabilities.ts'
import { HistoryService, serveHistory } from './history/history-service.ts'
import { HistoryUpdateService } from './history/history-update.ts'
import { serveHistoryUpdate } from './history/serve-history-update.ts'
import { routeNodeOpcuaLog } from './node-opcua-log.ts'
import { serveDefaults } from './orders/command-nodes.ts'
import { CommandRecords } from './orders/command-records.ts'
import { Orders } from './orders/orders.ts'
import { serveWrites, WriteService } from './orders/write-service.ts'
import { waitForPort } from './port.ts'
import { Projection } from './projection.ts'
import { obstacleAt } from './reachability.ts'
import { SecurityDesk } from './security-desk.ts'
import { type PreparedServer, prepareServer } from './server.ts'
import { Sessions } from './sessions.ts'
import type { OpcuaSettings } from './settings.ts'
import { watchersOf } from './watchers.ts'

/** How long clients see the state Shutdown before their connections close. */
const SHUTDOWN_NOTICE: Milliseconds = 500
/** How often the gateway's own uptime and disk are looked at. */
const LOOK_EVERY: Milliseconds = 5_000

export interface OpcuaServerRoomOptions {
  readonly settings: OpcuaSettings
  /** Users of the database, beside those of the settings. */
  readonly users?: readonly UserRecord[]
  /** Where the history of tags is read. */
  readonly history: HistorySource
  readonly identity: GatewayIdentity
  /** Bytes that can still be written in the data folder; undefined where nobody can say. */
  readonly freeDiskSpace: () => Promise<number | undefined>
  readonly clock: Clock
  readonly log: Logger
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing
  /** The room cannot go on and has to be started anew. */
  readonly onFatal: (error: PenstockError) => void
}

/**
 * The OPC UA server: a projection of the engine's plant and values, which owns no truth. It opens its port when every
 * tag shows what the engine says, and keeps serving the last values, as Uncertain, while there is no engine.
 */
export class OpcuaServerRoom {
  readonly #options: OpcuaServerRoomOptions
  readonly #engine: EngineConnection
  readonly #records: CommandRecords
  readonly #orders: Orders
  #prepared: PreparedServer | undefined
  #projection: Projection | undefined
  #sessions: Sessions | undefined
  #trail: AuditTrail | undefined
  #security: SecurityDesk | undefined
  #users: readonly UserRecord[]
  #startedAt = 0
  #mainSilentSince: number | undefined
  #stopLooking: (() => void) | undefined

  constructor(options: OpcuaServerRoomOptions) {
    this.#options = options
    this.#users = options.users ?? []
    const { clock, log, onFatal } = options
    const listener: EngineListener = {
      onBatch: (batch, traces) => this.#show(batch, traces),
      onSources: (sources) => this.#projection?.showSources(sources),
      onStore: (store) => this.#projection?.showStore(store),
      onCommands: (records) => this.#projection?.showCommands(records),
      awaitSnapshot: () => this.#projection?.awaitSnapshot() ?? Promise.resolve(),
      onHeard: (heard) => {
        this.#projection?.showHeard(heard)
        if (heard) this.#trail?.engineBack()
      },
      showPlant: async (plant) => this.#projection?.showPlant(plant),
      changePlant: async ({ change }) => {
        await this.#projection?.changePlant(change)
        this.#trail?.changed({ action: 'plant.change', subject: '', user: 'system' })
      },
      onFatal,
    }
    this.#engine = new EngineConnection({ clock, log, listener, tracing: options.tracing })
    this.#records = new CommandRecords(clock)
    this.#orders = new Orders({
      engine: () => this.#engine.asked,
      records: this.#records,
      writeTimeoutMs: options.settings.writeTimeoutMs,
      clock,
      log,
    })
  }

  /**
   * Links to the engine, builds the address space of its plant, shows every value once, and only then opens the port.
   * Rejects with ROOM_UNAVAILABLE or TIMEOUT (engine), CONNECTION_LOST (port in use), HARDENING_IMPOSSIBLE (node-opcua),
   * and STOPPED where `stop` came before it was done.
   */
  async start(port: MessagePort): Promise<void> {
    const { settings, identity, clock, log, tracing } = this.#options
    const { allowAnonymous } = settings
    routeNodeOpcuaLog(log.child({ library: 'node-opcua' }), clock)
    warnOfDemoSettings(settings, log)
    try {
      const plant = await this.#engine.open(port)
      this.#prepared = await prepareServer(settings, this.#users, clock, log, tracing)
      this.#prepared.users.directory.show(this.#users)
      const { addressSpace, server } = this.#prepared
      const send = (entries: readonly AuditEntry[]) => this.#engine.tellAudit(entries)
      this.#trail = new AuditTrail({ server, clock, log, send })
      auditTo(server, this.#trail)
      this.#security = new SecurityDesk({ prepared: this.#prepared, trail: this.#trail, clock, log })
      this.#projection = new Projection({
        addressSpace,
        plant,
        identity,
        allowAnonymous,
        records: this.#records,
        orders: this.#orders,
        clock,
        log,
      })
      const { users } = this.#prepared
      this.#sessions = new Sessions({ server, users, trail: this.#trail, clock, log })
      await this.#lookAtGateway()
      this.#stopLooking = clock.every(LOOK_EVERY, () => void this.#lookAtGateway())
      this.#serveHistory(this.#prepared, this.#projection)
      this.#serveCommands(this.#prepared, this.#projection)
      await this.#engine.subscribe()
      collectStartupGarbage()
      if (settings.port !== 0) await waitForPort(settings.host, settings.port, clock)
      await this.#present.server.start()
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#startedAt = clock.now()
    this.#present.reverse.start()
    const { endpoints } = this.health()
    log.info({ endpoints }, 'OPC UA clients can connect')
    void warnOfUnreachable(endpoints, clock, log)
  }

  /** The server, unless the room was stopped while it was started. */
  get #present(): PreparedServer {
    if (!this.#prepared) throw new PenstockError('STOPPED', 'The OPC UA server was ended while it was started')
    return this.#prepared
  }

  #serveHistory({ server, addressSpace }: PreparedServer, projection: Projection): void {
    const { history, clock, log } = this.#options
    const findNode = (nodeId: NodeId) => addressSpace.findNode(nodeId)
    const tagOf = (nodeId: NodeId) => projection.tagOf(nodeId)
    announceHistory(server.engine, addressSpace)
    serveHistory(server.engine, new HistoryService({ source: history, findNode, tagOf, clock, log }))
    const edit = (asked: AskedHistoryEdit) => this.#engine.editHistory(asked)
    serveHistoryUpdate(server, new HistoryUpdateService({ findNode, tagOf, edit, clock, log }))
  }

  #serveCommands({ server, addressSpace }: PreparedServer, projection: Projection): void {
    const targetOf = ({ nodeId }: UAVariable) => projection.writeTargetOf(nodeId)
    const { log } = this.#options
    const { namespace } = projection
    serveWrites(server.engine, new WriteService({ addressSpace, orders: this.#orders, namespace, targetOf, log }))
    serveDefaults(server.engine, projection.commands)
  }

  /** Shows what the gateway knows of itself without the engine. */
  async #lookAtGateway(): Promise<void> {
    const projection = this.#projection
    const free = await this.#options.freeDiskSpace()
    if (projection === this.#projection) projection?.showGateway(free)
  }

  #show(batch: SampleBatch, [parent, ...links]: readonly TraceParent[]): void | Promise<void> {
    const { tracing } = this.#options
    const span = parent === undefined ? undefined : tracing?.begin('event', 'OPC UA values', { parent, links })
    if (!tracing || !span) return this.#projection?.apply(batch)
    span.set({ 'penstock.samples': batch.count })
    try {
      return tracing.within(span.trace, () => this.#projection?.apply(batch))
    } finally {
      span.end()
    }
  }

  /** Who is connected, the oldest session first. */
  sessions(): readonly OpcuaSession[] {
    return this.#sessions?.list() ?? []
  }

  /** Ends a session and its subscriptions; false: there is none with this id. */
  closeSession(id: string, by: Actor): boolean {
    return this.#sessions?.close(id, by) ?? false
  }

  /** Who monitors the value of the tag. */
  watchers(tag: string): readonly TagWatcher[] {
    if (!this.#prepared) return []
    const { server, addressSpace } = this.#prepared
    const namespace = addressSpace.getNamespaceIndex(PLANT_URI)
    return watchersOf(server, this.sessions(), { namespace, identifier: tag })
  }

  /** The database has these users now: who is not among them any more loses the session at once. */
  showUsers({ users, change }: UsersChanged): void {
    this.#users = users
    this.#prepared?.users.directory.show(users)
    this.#prepared?.guard.usersChanged()
    this.#trail?.changed(change)
  }

  /** Clients hear of an alarm of the gateway, when it begins and when it is over. */
  showAlarm(alarm: Alarm): void {
    if (this.#prepared && this.#projection) raiseAlarm(this.#prepared.server, this.#projection.gatewayId, alarm)
  }

  /** The main thread stands still, or goes on: only others can say so meanwhile. */
  showMainSilent(silent: boolean): void {
    const { clock, log } = this.#options
    const now = clock.now()
    const since = this.#mainSilentSince ?? now
    this.#mainSilentSince = silent ? since : undefined
    const name = 'main-blocked'
    const text = 'The main thread does not speak: pages and API stand still, and no room would be started again.'
    if (silent) log.error({ alarm: name }, text)
    else log.info({ alarm: name, lastedMs: now - since }, 'The main thread speaks again')
    this.showAlarm({ name, severity: alarmSeverities[name], text, since, until: silent ? null : now })
  }

  /** Certificates that the server has or has seen; none before it has opened its folder. */
  async certificates(): Promise<readonly KnownCertificate[]> {
    return (await this.#security?.certificates()) ?? []
  }

  async revocationLists(): Promise<readonly KnownRevocationList[]> {
    return (await this.#security?.revocationLists()) ?? []
  }

  async certificateText(which: CertificateName): Promise<string | null> {
    return (await this.#security?.certificateText(which)) ?? null
  }

  async changeCertificates(change: CertificateChange, by: Actor): Promise<CertificateAnswer> {
    return (await this.#security?.change(change, by)) ?? { refused: 'The OPC UA server is being started; ask again.' }
  }

  /** The engine is a new one: sessions and subscriptions stay, and the values come true again. */
  relink(port: MessagePort): void {
    this.#engine.relink(port)
  }

  health(): OpcuaHealth {
    const server = this.#prepared?.server
    return {
      startedAt: this.#startedAt,
      endpoints: server ? endpointUrls(server) : [],
      sessions: server?.engine.currentSessionCount ?? 0,
      subscriptions: server?.engine.currentSubscriptionCount ?? 0,
      monitoredItems: server ? countMonitoredItems(server) : 0,
      endingCertificates: this.#security?.ending ?? [],
      reverseConnections: this.#prepared?.reverse.shown ?? [],
      engineHeard: this.#engine.heard,
    }
  }

  /** Tells clients, closes their connections and the port, and leaves the engine. May be called at any time. */
  async stop(): Promise<void> {
    this.#trail?.flush()
    this.#engine.close()
    this.#stopLooking?.()
    const prepared = this.#prepared
    const projection = this.#projection
    this.#prepared = undefined
    this.#projection = undefined
    this.#sessions = undefined
    this.#trail = undefined
    this.#security?.stop()
    this.#security = undefined
    if (!prepared) return
    await projection?.end()
    prepared.reverse.stop()
    prepared.release()
    await prepared.server.shutdown(SHUTDOWN_NOTICE)
  }
}

const endpointUrls = (server: OPCUAServer): string[] => {
  const urls = server.endpoints.flatMap((endpoint) =>
    endpoint.endpointDescriptions().map(({ endpointUrl }) => endpointUrl),
  )
  return [...new Set(urls.filter((url) => url !== null))]
}

/** MonitoredItems of all sessions; node-opcua counts them, but does not say. */
function countMonitoredItems(server: OPCUAServer): number {
  const { _globalCounter: counter } = server.engine as unknown as {
    _globalCounter?: { readonly totalMonitoredItemCount?: number }
  }
  return counter?.totalMonitoredItemCount ?? 0
}

/** Clients connect at the addresses that endpoints advertise, whatever address they asked at first: said once. */
async function warnOfUnreachable(endpoints: readonly string[], clock: Clock, log: Logger): Promise<void> {
  const found = await Promise.all(endpoints.map(async (url) => ({ url, obstacle: await obstacleAt(url, clock) })))
  const unreachable = found.filter(({ obstacle }) => obstacle !== undefined)
  if (unreachable.length === 0) return
  log.warn(
    { unreachable: unreachable.map(({ url, obstacle }) => `${url}: ${obstacle}`) },
    'OPC UA endpoints advertise addresses that cannot be reached from this machine, and probably not by clients: set ' +
      'opcua.hostname, alternateHostnames, advertisedPort and bind to what clients use',
  )
}

/** What is convenient for a demonstration is dangerous in a plant: said at every start. */
function warnOfDemoSettings(settings: OpcuaSettings, log: Logger): void {
  if (settings.allowUnencrypted) {
    log.warn({}, 'DEMO SETTING: the OPC UA server also offers endpoints without signature and encryption')
  }
  if (settings.allowAnonymous) log.warn({}, 'DEMO SETTING: anybody can read the values, without a user and password')
  if (settings.autoTrustClients) {
    log.warn({}, 'DEMO SETTING: the certificate of any client is trusted at its first connection, and kept as trusted')
  }
}
