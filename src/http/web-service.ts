import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { HistorySource } from '../core/history-source.ts'
import type { Logger } from '../core/logger.ts'
import { ConfiguredUsers } from './access/configured-users.ts'
import { Gate } from './access/gate.ts'
import { SessionFile } from './access/session-file.ts'
import { Sessions } from './access/sessions.ts'
import { SetupCode } from './access/setup-code.ts'
import { EngineFeed } from './live/engine-feed.ts'
import type { WebService } from './routes/service.ts'

interface WebServiceParts extends Pick<WebService, 'history' | 'diagnosis' | 'health' | 'findings'> {
  readonly config: Config
  readonly secrets: Readonly<Record<string, string>>
  readonly history: HistorySource
  /** A port at whose other end the engine is; undefined while there is none. */
  readonly connect: () => MessagePort | undefined
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Puts together what the web answers from. Its users are those of the configuration. Throws SECRET_MISSING for one
 * without a password.
 */
export function webServiceOf(parts: WebServiceParts): WebService {
  const { config, secrets, connect, clock, log, history, diagnosis, health, findings } = parts
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
  const feed = new EngineFeed({ connect, clock, log })
  return { name: config.gateway.name, clock, gate, users, feed, history, diagnosis, health, findings }
}
