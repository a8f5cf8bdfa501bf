import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../config/environment.ts'
import { keptSecretsFolder } from '../config/secrets.ts'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { SecretOrigin, SecretsDesk } from '../http/secrets-desk.ts'
import type { AuditLog } from '../store/audit.ts'

export interface KeptSecretsParts {
  readonly dataFolder: string
  readonly env: Environment
  readonly audit: Pick<AuditLog, 'append'>
  readonly clock: Clock
  /** The plant is given the secrets that there are now. */
  readonly onChange: () => Promise<void>
}

/** Secrets that were typed at a page: files of the data folder that only its owner can read. No page ever shows them. */
export class KeptSecrets implements SecretsDesk {
  readonly #parts: KeptSecretsParts
  readonly #folder: string

  constructor(parts: KeptSecretsParts) {
    this.#parts = parts
    this.#folder = join(parts.dataFolder, keptSecretsFolder)
  }

  originOf(variable: string): SecretOrigin {
    const { env } = this.#parts
    if (env[variable] !== undefined) return 'environment'
    if (env[`${variable}_FILE`] !== undefined) return 'file'
    return existsSync(join(this.#folder, variable)) ? 'kept' : 'missing'
  }

  async keep(variable: string, value: string, by: Actor): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    chmodSync(this.#folder, 0o700)
    const file = join(this.#folder, variable)
    const partial = `${file}.new`
    rmSync(partial, { force: true })
    // Made anew, so that the mode is right whatever stood there before.
    writeFileSync(partial, `${value}\n`, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(partial, file)
    this.#audit('secret.keep', variable, by)
    await this.#parts.onChange()
  }

  async forget(variable: string, by: Actor): Promise<boolean> {
    const file = join(this.#folder, variable)
    if (!existsSync(file)) return false
    rmSync(file)
    this.#audit('secret.forget', variable, by)
    return true
  }

  #audit(action: string, subject: string, by: Actor): void {
    const { audit, clock } = this.#parts
    audit.append({ at: clock.now(), by, action, subject, outcome: 'done' })
  }
}
