import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import { ConfigurationLife } from './config/life.ts'
import { systemClock } from './core/clock.ts'
import type { Actor } from './core/command.ts'
import { Care } from './gateway/care.ts'
import { startGrpc } from './gateway/grpc-of.ts'
import { importInThread } from './gateway/import-thread.ts'
import type { LogLevelBook } from './gateway/log-level-desk.ts'
import type { GatewayOptions } from './gateway/options.ts'
import { pkiFolderOf, roomsOf } from './gateway/rooms-of.ts'
import { scheduledBackups } from './gateway/scheduled-backups.ts'
import { setupDesks } from './gateway/setup-desks.ts'
import { supportDesk } from './gateway/support/support-bundle.ts'
import { systemDesk } from './gateway/system-desk.ts'
import { logLevelsOf, mainTelemetryOf, plantChangeOf } from './gateway/telemetry-of.ts'
import { webTlsOf } from './gateway/web-tls-of.ts'
import type { GrpcServer } from './grpc/server.ts'
import { HttpServer } from './http/app.ts'
import type { GatewayHealth } from './http/gateway-health.ts'
import { LocalToken } from './http/local-token.ts'
import { WebFiles } from './http/ui/web-files.ts'
import { webServiceOf } from './http/web-service.ts'
import { opcuaSettingsOf } from './opcua/settings-from-config.ts'
import { healthOf } from './rooms/health.ts'
import { AuditLog } from './store/audit.ts'
import { ConfigurationDrafts } from './store/configuration-drafts.ts'
import { ConfigurationVersions } from './store/configuration-versions.ts'
import { lockDataFolder } from './store/data-folder-lock.ts'
import { EventBook } from './store/event-book.ts'
import { freeSpaceOf } from './store/free-space.ts'
import { prepareHistoryDatabase } from './store/history-database.ts'
import { HistoryFile } from './store/history-file.ts'
import { openPenstockDatabase, preparePenstockDatabase } from './store/penstock-database.ts'
import { UserAccounts } from './store/user-accounts.ts'
import { RecentLog } from './telemetry/recent-log.ts'
import { version } from './version.ts'

export interface Gateway {
  /** Resolves once both rooms have begun their work for the first time. */
  readonly running: Promise<void>
  readonly httpPort: number
  health(): Promise<GatewayHealth>
  /** The configuration that holds, and how it becomes another, live. */
  readonly configuration: ConfigurationLife
  /** Ends everything; safe to repeat. Answers whether it ended in order, so that nothing that was taken is lost. */
  stop(): Promise<boolean>
}

/** The built pages, beside the built program or, where the sources run, where it will be. */
const webFolder = fileURLToPath(new URL(extname(import.meta.url) === '.ts' ? '../dist/web' : './web', import.meta.url))

/** The whole gateway: own the data folder, start the rooms, serve HTTP, and end all of it in reverse. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, secrets, log, levels } = options
  const startedAt = systemClock.now()
  const dataFolder = config.gateway.data
  const lock = lockDataFolder(dataFolder)
  const telemetry = await mainTelemetryOf(config, options)
  const { tracing } = telemetry
  const settings = opcuaSettingsOf(config, secrets, pkiFolderOf(config))
  const prepareStore = () => prepareHistoryDatabase(dataFolder, systemClock.now(), log)
  const { entries, recentLog = new RecentLog() } = options
  const onEngineUnstable = (cause: string) => care.engineUnstable(cause)
  const own = { config, secrets, log, tracing, recentLog, clock: systemClock }
  const rooms = roomsOf({ ...own, settings, startedAt, prepareStore, onEngineUnstable, entries })
  const health = async (): Promise<GatewayHealth> => {
    const [disk, ofRooms] = await Promise.all([freeSpaceOf(dataFolder), healthOf(rooms)])
    const own = { backup: backups.health, thread: telemetry.health(), logLevels: logLevels?.list() ?? [] }
    return care.judged({ version, startedAt, disk, ...own, ...ofRooms })
  }
  const care = new Care({ dataFolder, choice: options.safeMode, rooms, health, clock: systemClock, log })
  const changePlant = plantChangeOf(rooms, tracing)
  const backups = scheduledBackups(config, log, tracing)
  const history = new HistoryFile(dataFolder)
  let database: Database | undefined
  let configuration: ConfigurationLife
  let http: HttpServer | undefined
  let grpc: GrpcServer | undefined
  let users: UserAccounts
  let logLevels: LogLevelBook | undefined
  let events: EventBook
  let httpPort: number
  try {
    care.begin()
    // What no restart of a room would mend is said here, once.
    preparePenstockDatabase(dataFolder)
    prepareStore()
    database = openPenstockDatabase(dataFolder)
    const versions = new ConfigurationVersions(database)
    const { check, texts } = options.configuration
    const life = { versions, check, texts, changePlant, started: config, clock: systemClock, log }
    configuration = new ConfigurationLife(life)
    configuration.begin(options.configuration)
    users = new UserAccounts({
      database,
      configured: settings.users,
      clock: systemClock,
      log,
      onChange: (records, { action, name }, { user }) =>
        rooms.showUsers({ users: records, change: { action: `user.${action}`, subject: name, user } }),
    })
    await users.begin(options.administrator)
    rooms.beginWith(users.records)
    const localToken = new LocalToken(dataFolder)
    const { examine } = options.configuration
    const shown = { rooms, health, configuration }
    const support = supportDesk({ ...own, ...shown, dataFolder, env: process.env, users, examine })
    const audit = new AuditLog(database)
    const leaveSafeMode = (by: Actor) => care.leaveSafeMode(by, audit)
    logLevels = logLevelsOf({ levels, rooms, audit, log })
    events = new EventBook(database)
    const system = systemDesk({ ...own, startedAt, backups, events, audit })
    const onChange = () => configuration.reload(undefined, options.configuration.name)
    const ofSetup = { rooms, configuration, dataFolder, env: process.env, audit, onChange, checkRunning: check }
    const desks = { logLevels, system, ...setupDesks({ ...own, ...ofSetup }) }
    const changing = { draftStore: new ConfigurationDrafts(database), runImport: importInThread }
    const parts = { history, accounts: users, localToken, support, leaveSafeMode, ...desks, ...changing }
    const service = webServiceOf({ ...own, ...shown, ...parts })
    const tls = await webTlsOf(config, log)
    const files = new WebFiles(webFolder)
    http = new HttpServer({ settings: config.http, tls, log, tracing, service, files, version })
    httpPort = await http.start()
    grpc = await startGrpc(config, service, log)
  } catch (error) {
    await http?.stop()
    database?.close()
    care.stop()
    await telemetry.stop()
    lock.release()
    throw error
  }
  rooms.start()
  care.start(events, version)
  backups.start()

  let stopped: Promise<boolean> | undefined
  const stop = async () => {
    await grpc?.stop()
    await http.stop()
    history.close()
    await backups.stop()
    const inOrder = await rooms.stop()
    users.stop()
    logLevels?.stop()
    await telemetry.stop()
    database?.close()
    care.stop()
    lock.release()
    if (inOrder) log.info({}, 'gateway stopped in order')
    else log.error({}, 'gateway stopped, but not in order: the last second of values may be missing on disk')
    return inOrder
  }
  return {
    running: rooms.running,
    httpPort,
    health,
    configuration,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
