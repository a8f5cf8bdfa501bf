import { readFileSync } from 'node:fs'
import { loadText } from '../cli/configuration.ts'
import { keptIn, Secrets } from '../config/secrets.ts'
import { ConnectionTests, type ConnectionTestsParts } from './connection-test/connection-tests.ts'
import { KeptSecrets, type KeptSecretsParts } from './kept-secrets.ts'

type SetupParts = KeptSecretsParts & Omit<ConnectionTestsParts, 'check' | 'secrets'>

/** What the web's set-up guide asks: connections are tested, and API keys kept. */
export function setupDesks(parts: SetupParts) {
  const { dataFolder, env, rooms, configuration, checkRunning, clock, log } = parts
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const secrets = new Secrets({ env, readFile, kept: keptIn(dataFolder, readFile) })
  // What the environment of the gateway says is of no concern for a single source.
  const check = (text: string) => loadText(text, 'the definition', {}, false)
  return {
    connections: new ConnectionTests({ check, checkRunning, configuration, secrets, rooms, clock, log }),
    secretsDesk: new KeptSecrets(parts),
  }
}
