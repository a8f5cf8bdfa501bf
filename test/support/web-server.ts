import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadText } from '../../src/cli/configuration.ts'
import { ConfigurationLife } from '../../src/config/life.ts'
import { type Config, configSchema } from '../../src/config/schema.ts'
import type { AuditRow } from '../../src/core/audit.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { CommandAnswer, CommandRecord, CommandRequest } from '../../src/core/command.ts'
import type { FrameTrace, ReadAnswer, SourceDiagnostics } from '../../src/core/diagnostics.ts'
import type { Findings } from '../../src/core/drift.ts'
import { PenstockError } from '../../src/core/errors.ts'
import { type Logger, silentLogger } from '../../src/core/logger.ts'
import type { Plant } from '../../src/core/plant.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import type { UserRole } from '../../src/core/user.ts'
import { importInThread } from '../../src/gateway/import-thread.ts'
import { HttpServer } from '../../src/http/app.ts'
import type { GatewayHealth } from '../../src/http/gateway-health.ts'
import { LocalToken } from '../../src/http/local-token.ts'
import type { WebService } from '../../src/http/routes/service.ts'
import type { OpcuaSessions } from '../../src/http/sessions.ts'
import { WebFiles } from '../../src/http/ui/web-files.ts'
import { webServiceOf } from '../../src/http/web-service.ts'
import type { CommandHistory } from '../../src/link/contract.ts'
import { ConfigurationDrafts } from '../../src/store/configuration-drafts.ts'
import { ConfigurationVersions } from '../../src/store/configuration-versions.ts'
import { HistoryFile } from '../../src/store/history-file.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { UserAccounts } from '../../src/store/user-accounts.ts'
import { aGatewayHealth } from './gateway-health.ts'
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
  /** What its routes answer from. */
  readonly service: WebService
  origin = ''
  readonly #history: HistoryFile
  readonly #server: HttpServer
  readonly #database: ReturnType<typeof openPenstockDatabase>
  readonly #accounts: UserAccounts

  private constructor(options: WebServerOptions, folder: string) {
    const { plant, users = ['olga', 'oscar', 'erik', 'carl', 'cora', 'sam'], log = silentLogger } = options
    this.plant = plant
    this.folder = folder
    this.engine = new EngineStandIn(plant)
    this.recorder = new PlantRecorder(folder, plant)
    this.#history = new HistoryFile(folder)
    const secrets = Object.fromEntries(
      users.map((name) => [`PENSTOCK_${name.toUpperCase()}_PASSWORD`, USERS[name].password]),
    )
    const config: Config = configSchema.parse({
      gateway: { name: 'Plant of tests', data: folder },
      opcua: { users: users.map((name) => ({ name, role: USERS[name].role })) },
      http: { port: 0, ...options.http },
      sources: [],
    })
    this.#database = openPenstockDatabase(folder)
    this.#accounts = new UserAccounts({
      database: this.#database,
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
        findings: async () => this.findings,
        command: async (request) => this.commands.command(request),
        cancelCommand: async ({ id }) => this.commands.cancel(id),
        commands: async () => this.commands.records,
        commandSteps: async (id) => this.commands.steps(id),
        editHistory: () => Promise.reject(new PenstockError('ROOM_UNAVAILABLE', 'nothing is recorded here')),
        audit: async () => this.commands.audit,
        ...(options.opcua ?? { sessions: async () => [], closeSession: async () => false }),
        certificates: async () => [],
        changeCertificates: async () => ({ refused: 'There are no certificates here' }),
        linkToEngine: () => {
          if (!this.engine || this.engine === given) return undefined
          given = this.engine
          return this.engine.port
        },
      },
      accounts: this.#accounts,
      configuration: this.#life(options, config),
      draftStore: new ConfigurationDrafts(this.#database),
      runImport: importInThread,
      localToken: new LocalToken(folder),
      leaveSafeMode: async () => false,
      support: async () => Buffer.from('a bundle'),
      health: async () => this.#health(),
      clock: systemClock,
      log,
    })
    const files = new WebFiles(options.webFolder ?? join(folder, 'no-pages'))
    this.#server = new HttpServer({ settings: config.http, log, service: this.service, files, version: '9.9.9' })
  }

  static async start(options: WebServerOptions): Promise<WebServer> {
    const server = new WebServer(options, mkdtempSync(join(tmpdir(), 'penstock-web-')))
    server.origin = `http://127.0.0.1:${await server.#server.start()}`
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
    const versions = new ConfigurationVersions(this.#database)
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
    this.#accounts.stop()
    this.#database.close()
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
