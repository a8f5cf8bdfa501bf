import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadText } from '../../src/cli/configuration.ts'
import { ConfigurationLife } from '../../src/config/life.ts'
import { type Config, configSchema } from '../../src/config/schema.ts'
import type { AuditRow } from '../../src/core/audit.ts'
import type { CalibrationReport, WantedCalibration } from '../../src/core/calibration.ts'
import type {
  CertificateAnswer,
  CertificateChange,
  CertificateName,
  KnownCertificate,
  KnownRevocationList,
} from '../../src/core/certificate.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Actor, CommandAnswer, CommandRecord, CommandRequest } from '../../src/core/command.ts'
import type { TestReport, WantedTest } from '../../src/core/connection-test.ts'
import type { FrameTrace, ReadAnswer, ReadProblem, SourceDiagnostics } from '../../src/core/diagnostics.ts'
import type { Findings } from '../../src/core/drift.ts'
import { PenstockError } from '../../src/core/errors.ts'
import { type Logger, silentLogger } from '../../src/core/logger.ts'
import type { Plant } from '../../src/core/plant.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { noTracing } from '../../src/core/tracing.ts'
import type { UserRole } from '../../src/core/user.ts'
import { importInThread } from '../../src/gateway/import-thread.ts'
import { KeptSecrets } from '../../src/gateway/kept-secrets.ts'
import { LogLevelBook } from '../../src/gateway/log-level-desk.ts'
import { scheduledBackups } from '../../src/gateway/scheduled-backups.ts'
import { systemDesk } from '../../src/gateway/system-desk.ts'
import { webTlsOf } from '../../src/gateway/web-tls-of.ts'
import { HttpServer } from '../../src/http/app.ts'
import type { GatewayHealth } from '../../src/http/gateway-health.ts'
import { LocalToken } from '../../src/http/local-token.ts'
import type { WebService } from '../../src/http/routes/service.ts'
import type { OpcuaSessions } from '../../src/http/sessions.ts'
import type { WebTls } from '../../src/http/tls/web-tls.ts'
import { WebFiles } from '../../src/http/ui/web-files.ts'
import { webServiceOf } from '../../src/http/web-service.ts'
import type { CommandHistory } from '../../src/link/contract.ts'
import { AuditLog } from '../../src/store/audit.ts'
import { ConfigurationDrafts } from '../../src/store/configuration-drafts.ts'
import { ConfigurationVersions } from '../../src/store/configuration-versions.ts'
import { EventBook } from '../../src/store/event-book.ts'
import { HistoryFile } from '../../src/store/history-file.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { UserAccounts } from '../../src/store/user-accounts.ts'
import { aGatewayHealth, aSourceHealth } from './gateway-health.ts'
import { connected, EngineStandIn } from './opcua-engine.ts'
import { PlantRecorder } from './recorded-plant.ts'

export const USERS = {
  olga: { role: 'Observer', password: 'olga looks' },
  oscar: { role: 'Operator', password: 'oscar works' },
  erik: { role: 'Engineer', password: 'erik builds' },
  carl: { role: 'ConfigureAdmin', password: 'carl changes' },
  cora: { role: 'ConfigureAdmin', password: 'cora changes too' },
  sam: { role: 'SecurityAdmin', password: 'sam guards' },
} as const satisfies Record<string, { role: UserRole; password: string }>
export type UserName = keyof typeof USERS
const everybody: readonly UserName[] = ['olga', 'oscar', 'erik', 'carl', 'cora', 'sam']

export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

/** Takes every command of the device `pump`, and keeps what it was asked. */
class CommandStandIn {
  readonly records: CommandRecord[] = []
  readonly asked: CommandRequest[] = []
  readonly audit: AuditRow[] = []

  command(request: CommandRequest): CommandAnswer {
    this.asked.push(request)
    if (request.device !== 'pump') {
      return { refused: { status: StatusCode.BadNodeIdUnknown, reason: `There is no device "${request.device}"` } }
    }
    const at = 1_760_000_000_000
    const { device, order, by } = request
    const accepted: CommandRecord = {
      id: this.records.length + 1,
      device,
      order,
      by,
      state: 'queued',
      reason: '',
      priority: 0,
      acceptedAt: at,
      changedAt: at,
      deadline: at + 60_000,
    }
    this.records.unshift(accepted)
    return { accepted }
  }

  cancel(id: number): CommandAnswer {
    const found = this.records.find((record) => record.id === id)
    if (!found) return { refused: { status: StatusCode.BadNotFound, reason: `There is no command ${id}` } }
    return { accepted: { ...found, state: 'cancelled' } }
  }

  steps(id: number): CommandHistory | null {
    const command = this.records.find((record) => record.id === id)
    return command ? { command, steps: [] } : null
  }
}

/** Calibrates the source `line` only, never ends by itself, and keeps what it was asked. */
class CalibrationStandIn {
  readonly asked: WantedCalibration[] = []
  /** The one that runs, or the last one. */
  last: CalibrationReport | null = null

  begin(wanted: WantedCalibration): CalibrationReport | ReadProblem {
    this.asked.push(wanted)
    const { source, device = 'meter', by, mostRequests, seconds } = wanted
    if (source !== 'line') return { problem: 'unknown', error: `There is no source with the key "${source}".` }
    if (this.last?.state === 'running') return { problem: 'busy', error: 'One runs already.' }
    const told = { ranges: ['holding:0-9'], steps: ['reading holding:0 a few times'], findings: [] }
    const begun = { source, device, by: by.user, mostRequests, seconds, startedAt: 1_760_000_000_000 }
    this.last = { ...begun, ...told, state: 'running', requests: 1 }
    return this.last
  }

  report(source: string): CalibrationReport | null {
    return this.last?.source === source ? this.last : null
  }

  cancel(source: string): CalibrationReport | null {
    const running = this.report(source)
    if (running?.state !== 'running') return null
    this.last = { ...running, state: 'cancelled', reason: 'Cancelled.' }
    return running
  }
}

/** Trusts whatever it is told to, but for the thumbprint of zeros, and keeps what it was told, and by whom. */
class CertificateStandIn {
  readonly told: [CertificateChange, Actor][] = []
  readonly certificates = async (): Promise<readonly KnownCertificate[]> => [aCertificate]
  readonly revocationLists = async (): Promise<readonly KnownRevocationList[]> => []
  readonly certificateText = async ({ thumbprint }: CertificateName): Promise<string | null> =>
    thumbprint === aCertificate.thumbprint ? '-----BEGIN CERTIFICATE-----\n' : null
  readonly changeCertificates = async (change: CertificateChange, by: Actor): Promise<CertificateAnswer> => {
    this.told.push([change, by])
    if ('thumbprint' in change && change.thumbprint === '0'.repeat(40)) return { refused: 'There is none.' }
    return { certificates: [aCertificate] }
  }
}

const aCertificate: KnownCertificate = {
  store: 'application',
  place: 'rejected',
  thumbprint: 'ab'.repeat(20),
  subject: 'CN=<img src=x onerror=alert(1)>',
  issuer: 'CN=<img src=x onerror=alert(1)>',
  applicationUri: 'urn:scada',
  isAuthority: false,
  validFrom: 1_700_000_000_000,
  validTo: 1_800_000_000_000,
}

interface WebServerOptions {
  readonly plant: Plant
  /** Without: those of `USERS`. */
  readonly users?: readonly UserName[]
  readonly http?: object
  readonly log?: Logger
  readonly webFolder?: string
  /** The configuration that holds, as YAML; what becomes of it does not change the plant here. */
  readonly configuration?: string
  /** Of the configuration. */
  readonly env?: Readonly<Record<string, string>>
  /** Who is connected to the OPC UA server; without: nobody. */
  readonly opcua?: OpcuaSessions
}

/** The web of a gateway whose engine a stand-in is; listening at a port of the system's choice. */
export class WebServer {
  engine: EngineStandIn | undefined
  readonly folder: string
  readonly recorder: PlantRecorder
  readonly plant: Plant
  findings: readonly Findings[] | null = []
  readonly commands = new CommandStandIn()
  readonly calibrations = new CalibrationStandIn()
  readonly certificates = new CertificateStandIn()
  /** What its routes answer from. */
  readonly service: WebService
  origin = ''
  /** What a test of a connection comes to; undefined: too many are under way. */
  tested: (wanted: WantedTest) => TestReport | undefined = () => undefined
  readonly #history: HistoryFile
  readonly #server: HttpServer
  readonly database: ReturnType<typeof openPenstockDatabase>
  readonly accounts: UserAccounts
  /** Of a plant with one source, `line`. */
  readonly #logLevels = new LogLevelBook({
    show: () => undefined,
    sources: async () => [aSourceHealth('line')],
    audit: { append: () => undefined },
    clock: systemClock,
    log: silentLogger,
  })

  private constructor(options: WebServerOptions, folder: string, config: Config, tls: WebTls | undefined) {
    const { plant, users = everybody, log = silentLogger } = options
    this.plant = plant
    this.folder = folder
    this.engine = new EngineStandIn(plant)
    this.recorder = new PlantRecorder(folder, plant)
    this.#history = new HistoryFile(folder)
    const secrets = Object.fromEntries(
      users.map((name) => [`PENSTOCK_${name.toUpperCase()}_PASSWORD`, USERS[name].password]),
    )
    this.database = openPenstockDatabase(folder)
    this.accounts = new UserAccounts({
      database: this.database,
      configured: users.map((name) => ({ name, role: USERS[name].role, password: USERS[name].password })),
      clock: systemClock,
      log,
      onChange: () => undefined,
    })
    let given: EngineStandIn | undefined
    this.service = webServiceOf({
      config,
      secrets,
      history: this.#history,
      rooms: {
        diagnostics: async (source) => this.#diagnostics().filter(({ key }) => source === undefined || source === key),
        frames: async (source) => this.#frames(source),
        readOnce: async ({ address }) => this.#read(address),
        identify: async ({ device = 'meter' }) => ({
          device,
          by: 'function 43, Read Device Identification',
          nameplate: { manufacturer: 'Gavazzi', model: 'EM340' },
          facts: [{ name: 'VendorName', value: 'Gavazzi' }],
          ms: 3,
        }),
        calibrate: async (wanted) => this.calibrations.begin(wanted),
        calibration: async (source) => this.calibrations.report(source),
        cancelCalibration: async (source) => this.calibrations.cancel(source),
        findings: async () => this.findings,
        command: async (request) => this.commands.command(request),
        cancelCommand: async ({ id }) => this.commands.cancel(id),
        commands: async () => this.commands.records,
        commandSteps: async (id) => this.commands.steps(id),
        editHistory: () => Promise.reject(new PenstockError('ROOM_UNAVAILABLE', 'nothing is recorded here')),
        audit: async () => this.commands.audit,
        ...(options.opcua ?? { sessions: async () => [], closeSession: async () => false }),
        watchers: async () => [],
        ...this.certificates,
        linkToEngine: () => {
          if (!this.engine || this.engine === given) return undefined
          given = this.engine
          return this.engine.port
        },
      },
      accounts: this.accounts,
      configuration: this.#life(options, config),
      draftStore: new ConfigurationDrafts(this.database),
      runImport: importInThread,
      localToken: new LocalToken(folder),
      logLevels: this.#logLevels,
      leaveSafeMode: async () => false,
      system: systemDesk({
        config,
        startedAt: systemClock.now(),
        backups: scheduledBackups(config, log, noTracing),
        events: new EventBook(this.database),
        audit: new AuditLog(this.database),
        clock: systemClock,
      }),
      connections: { test: async (wanted) => this.tested(wanted) },
      secretsDesk: new KeptSecrets({
        dataFolder: folder,
        env: options.env ?? {},
        audit: { append: (entry) => void this.commands.audit.push({ id: 1, ...entry, details: {} }) },
        clock: systemClock,
        onChange: async () => undefined,
      }),
      support: async () => Buffer.from('a bundle'),
      health: async () => this.#health(),
      clock: systemClock,
      log,
    })
    const files = new WebFiles(options.webFolder ?? join(folder, 'no-pages'))
    this.#server = new HttpServer({ settings: config.http, tls, log, service: this.service, files, version: '9.9.9' })
  }

  static async start(options: WebServerOptions): Promise<WebServer> {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-web-'))
    const { users = everybody } = options
    const config: Config = configSchema.parse({
      gateway: { name: 'Plant of tests', data: folder },
      backup: { folder: join(folder, 'backup') },
      opcua: { users: users.map((name) => ({ name, role: USERS[name].role })) },
      http: { port: 0, ...options.http },
      sources: [],
    })
    const tls = await webTlsOf(config, silentLogger)
    const server = new WebServer(options, folder, config, tls)
    server.origin = `${tls ? 'https' : 'http'}://127.0.0.1:${await server.#server.start()}`
    return server
  }

  /** As a script asks, with the user's password. */
  ask(path: string, as?: UserName, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (as) headers.set('Authorization', basic(as, USERS[as].password))
    return fetch(`${this.origin}${path}`, { ...init, headers })
  }

  /** What is answered, as JSON. */
  async json<Answer = Record<string, unknown>>(path: string, as?: UserName, init?: RequestInit): Promise<Answer> {
    return (await (await this.ask(path, as, init)).json()) as Answer
  }

  /** The configuration as a gateway has it, whose plant nobody runs. */
  #life({ configuration: text = 'sources: []\n', env = {} }: WebServerOptions, started: Config): ConfigurationLife {
    const check = (given: string) => {
      const loaded = loadText(given, 'plant.yaml', env)
      if (!loaded.ok) return loaded
      const { gateway } = loaded.config
      return { ...loaded, config: { ...loaded.config, gateway: { ...gateway, data: started.gateway.data } } }
    }
    const versions = new ConfigurationVersions(this.database)
    const changePlant = async () => undefined
    const life = new ConfigurationLife({ versions, check, changePlant, started, clock: systemClock, log: silentLogger })
    life.begin({ text, isNew: true, name: 'plant.yaml' })
    return life
  }

  /** Another engine, with the same plant and values of its own. */
  renewEngine(): EngineStandIn {
    this.engine = new EngineStandIn(this.plant)
    return this.engine
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    this.engine?.die()
    this.#history.close()
    await this.recorder.close()
    this.accounts.stop()
    this.#logLevels.stop()
    this.database.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #health(): GatewayHealth {
    const ready = this.engine !== undefined
    return aGatewayHealth({ ready, version: '9.9.9', engine: this.engine?.health ?? null, opcua: null })
  }

  #diagnostics(): SourceDiagnostics[] {
    if (!this.engine) throw new PenstockError('ROOM_UNAVAILABLE', 'gone')
    return this.plant.sources.map((source) => connected(source.key, source.devices))
  }

  #frames(source: string): FrameTrace | null {
    return source === 'line' ? { source, frames: [], missed: 0 } : null
  }

  #read(address: string): ReadAnswer {
    if (address === 'holding:1') return { address, type: 'UInt16', value: 7, status: 'Good', ms: 1.5 }
    return { problem: 'invalid', error: `There is no address "${address}".` }
  }
}
