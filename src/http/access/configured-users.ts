import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { UserRole } from '../../config/opcua-choices.ts'
import type { WebUser, WebUsers } from './web-users.ts'

export interface ConfiguredUser {
  readonly name: string
  readonly role: UserRole
  readonly password: string
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

/** The users of the configuration: those of the OPC UA server, with their passwords from the environment. */
export class ConfiguredUsers implements WebUsers {
  readonly #users: ReadonlyMap<string, ConfiguredUser>
  readonly #stamps = new Map<string, Promise<string>>()
  readonly #key = randomBytes(32)
  readonly #nobody = randomBytes(32).toString('base64')
  readonly #salt: Buffer

  /** `salt`: kept over restarts, so that the same password has the same stamp. */
  constructor(users: readonly ConfiguredUser[], salt: Buffer) {
    this.#users = new Map(users.map((user) => [user.name, user]))
    this.#salt = salt
  }

  async verify(name: string, password: string): Promise<WebUser | undefined> {
    const user = this.#users.get(name)
    const matches = timingSafeEqual(this.#digest(password), this.#digest(user?.password ?? this.#nobody))
    return user && matches ? { name, roles: [user.role] } : undefined
  }

  async find(name: string): Promise<(WebUser & { stamp: string }) | undefined> {
    const user = this.#users.get(name)
    if (!user) return undefined
    const known = this.#stamps.get(name) ?? this.#stampOf(user)
    this.#stamps.set(name, known)
    return { name, roles: [user.role], stamp: await known }
  }

  async any(): Promise<boolean> {
    return this.#users.size > 0
  }

  /** Slow to reverse: it stands in the file of the sessions. */
  async #stampOf({ password }: ConfiguredUser): Promise<string> {
    return (await derive(password, this.#salt, 16)).toString('base64url')
  }

  /** Of equal length for any two passwords, and useless outside of this process. */
  #digest(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password).digest()
  }
}
