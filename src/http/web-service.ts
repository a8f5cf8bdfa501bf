import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { Config } from '../config/schema.ts'
import type { Findings } from '../core/drift.ts'
import { PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { ConfiguredUsers } from './access/configured-users.ts'
import { Gate } from './access/gate.ts'
import { SessionFile } from './access/session-file.ts'
import { Sessions } from './access/sessions.ts'
import { SetupCode } from './access/setup-code.ts'
import type { CommandDesk } from './command-routes.ts'
import type { Diagnosis } from './diagnosis.ts'
import { EngineFeed } from './live/engine-feed.ts'
import type { WebService } from './routes/service.ts'

interface WebServiceParts extends Pick<WebService, 'history' | 'health' | 'configuration' | 'localToken' | 'clock'> {
  readonly config: Config
  readonly secrets: Readonly<Record<string, string>>
  /** What can be asked of the engine. */
  readonly rooms: Diagnosis &
    CommandDesk & {
      /** null while the engine does not answer. */
      findings(): Promise<readonly Findings[] | null>
      /** A port at whose other end the engine is; undefined while there is none. */
      linkToEngine(): MessagePort | undefined
    }
  readonly log: Logger
}

/**
 * Puts together what the web answers from. Its users are those of the configuration. Throws SECRET_MISSING for one
 * without a password.
 */
export function webServiceOf(parts: WebServiceParts): WebService {
  const { config, secrets, rooms, clock, log, history, health, configuration, localToken } = parts
  const file = new SessionFile(join(config.gateway.data, 'web-sessions.json'), log)
  const configured = config.opcua.users.map(({ name, role, passwordEnv }) => {
    const password = secrets[passwordEnv]
    if (!password) throw new PenstockError('SECRET_MISSING', `The password of user ${name} is not in ${passwordEnv}`)
    return { name, role, password }
  })
  const users = new ConfiguredUsers(configured, file.salt)
  const sessions = new Sessions({ clock, users, file })
  const setup = new SetupCode(log)
  if (configured.length === 0) setup.announce()
  const gate = new Gate({ settings: config.http, users, sessions, setup, clock, log })
  const feed = new EngineFeed({ connect: () => rooms.linkToEngine(), clock, log })
  const asked = { diagnosis: rooms, commands: rooms, findings: () => rooms.findings() }
  return { name: config.gateway.name, clock, gate, users, feed, history, health, configuration, localToken, ...asked }
}
