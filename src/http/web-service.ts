import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { DraftStore } from '../config/desk.ts'
import { Drafts } from '../config/drafts.ts'
import type { RunImport } from '../config/imports/import-plant.ts'
import type { Config } from '../config/schema.ts'
import type { Findings } from '../core/drift.ts'
import type { Logger } from '../core/logger.ts'
import { Gate } from './access/gate.ts'
import { SessionFile } from './access/session-file.ts'
import { Sessions } from './access/sessions.ts'
import { SetupCode } from './access/setup-code.ts'
import { WebUsers } from './access/web-users.ts'
import type { CalibrationDesk } from './calibration-desk.ts'
import type { CertificateDesk } from './certificate-desk.ts'
import type { CommandDesk } from './command-routes.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { HistoryDesk } from './history/history-import.ts'
import { EngineFeed } from './live/engine-feed.ts'
import { Metrics } from './metrics/metrics.ts'
import { PlantImports } from './plant-imports.ts'
import type { WebService } from './routes/service.ts'
import type { OpcuaSessions } from './sessions.ts'
import type { TagWatchers } from './tag-watchers.ts'

interface WebServiceParts
  extends Pick<
    WebService,
    | 'history'
    | 'health'
    | 'configuration'
    | 'localToken'
    | 'clock'
    | 'accounts'
    | 'support'
    | 'leaveSafeMode'
    | 'logLevels'
    | 'system'
    | 'connections'
    | 'secretsDesk'
  > {
  readonly config: Config
  readonly secrets: Readonly<Record<string, string>>
  /** What can be asked of the engine. */
  readonly rooms: Diagnosis &
    CalibrationDesk &
    CommandDesk &
    HistoryDesk &
    OpcuaSessions &
    TagWatchers &
    CertificateDesk & {
      /** null while the engine does not answer. */
      findings(): Promise<readonly Findings[] | null>
      /** A port at whose other end the engine is; undefined while there is none. */
      linkToEngine(): MessagePort | undefined
    }
  /** Where drafts of the configuration are kept. */
  readonly draftStore: DraftStore
  readonly runImport: RunImport
  readonly log: Logger
}

/**
 * Puts together what the web answers from. Its users are those of the gateway.
 */
export function webServiceOf(parts: WebServiceParts): WebService {
  const { config, secrets, rooms, accounts, clock, log, history, health, configuration, localToken } = parts
  const file = new SessionFile(join(config.gateway.data, 'web-sessions.json'), log)
  const configured = config.opcua.users.flatMap(({ name, role, passwordEnv }) => {
    const password = secrets[passwordEnv]
    return password === undefined ? [] : [{ name, role, password }]
  })
  const users = new WebUsers(accounts, configured, file.salt)
  const sessions = new Sessions({ clock, users, file })
  const setup = new SetupCode(log)
  if (!users.any()) setup.announce()
  const gate = new Gate({ settings: config.http, users, sessions, setup, clock })
  const feed = new EngineFeed({ connect: () => rooms.linkToEngine(), clock, log })
  const metrics = new Metrics({ health, diagnostics: () => rooms.diagnostics() })
  const asked = {
    metrics,
    diagnosis: rooms,
    calibrations: rooms,
    commands: rooms,
    edits: rooms,
    opcua: rooms,
    certificates: rooms,
    findings: () => rooms.findings(),
  }
  return {
    name: config.gateway.name,
    clock,
    gate,
    users,
    webSessions: sessions,
    feed,
    history,
    health,
    configuration,
    localToken,
    support: parts.support,
    leaveSafeMode: parts.leaveSafeMode,
    logLevels: parts.logLevels,
    system: parts.system,
    accounts,
    connections: parts.connections,
    secretsDesk: parts.secretsDesk,
    tagWatchers: rooms,
    opcuaSecurity: config.opcua.security,
    drafts: new Drafts({ desk: configuration, store: parts.draftStore, clock }),
    imports: new PlantImports(parts.runImport, clock, log),
    ...asked,
  }
}
