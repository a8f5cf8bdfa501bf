import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { ApiToken, TokenAnswer, TokenRequest, TokenUser } from '../../core/api-token.ts'
import type { Actor } from '../../core/command.ts'
import type { ConfiguredUser, ListedUser, Right, User, UserAnswer, UserChange } from '../../core/user.ts'
import type { CurrentUser } from '../../core/user-directory.ts'

/** The tokens of programs (`ApiTokens`), as far as the web needs them. */
export interface TokenDesk {
  list(user?: string): readonly ApiToken[]
  find(id: string): ApiToken | undefined
  make(
    request: TokenRequest,
    by: Actor,
    within?: Pick<TokenUser, 'rights'> & Pick<ApiToken, 'expiresAt'>,
  ): { readonly token: string; readonly made: ApiToken } | { readonly refused: string }
  /** False: there is no such token. */
  revoke(id: string, by: Actor): boolean
  recognise(given: string, address: string, door: 'http' | 'grpc'): TokenAnswer
  current(id: string): TokenUser | undefined
  overstepped(user: TokenUser, right: Right, address: string, door: 'http' | 'grpc'): void
}

/** The users of the gateway (`UserAccounts`), as far as the web needs them. */
export interface Accounts {
  readonly tokens: TokenDesk
  login(name: string, password: string, address: string, door?: 'http' | 'grpc'): Promise<User | undefined>
  list(): readonly ListedUser[]
  change(change: UserChange, by: Actor): UserAnswer
  readonly directory: { find(name: string): CurrentUser | undefined }
  /** How long this user has to wait at this address, in milliseconds; 0: not at all. */
  lockedFor(name: string, address: string): number
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

/** Whom the web asks who somebody is; it keeps no users of its own. */
export class WebUsers {
  readonly #accounts: Accounts
  readonly #configured: ReadonlyMap<string, ConfiguredUser>
  readonly #stamps = new Map<string, Promise<string>>()
  readonly #salt: Buffer

  /** `salt`: kept over restarts, so that the same password of the configuration has the same stamp. */
  constructor(accounts: Accounts, configured: readonly ConfiguredUser[], salt: Buffer) {
    this.#accounts = accounts
    this.#configured = new Map(configured.map((user) => [user.name, user]))
    this.#salt = salt
  }

  /** The user with this name and password; undefined where there is none, or it is locked. */
  login(name: string, password: string, address: string, door?: 'http' | 'grpc'): Promise<User | undefined> {
    return this.#accounts.login(name, password, address, door)
  }

  get tokens(): TokenDesk {
    return this.#accounts.tokens
  }

  lockedFor(name: string, address: string): number {
    return this.#accounts.lockedFor(name, address)
  }

  /** The user as it is now, with a text that is another one once the password is, over restarts too. */
  async find(name: string): Promise<CurrentUser | undefined> {
    const user = this.#accounts.directory.find(name)
    const configured = this.#configured.get(name)
    if (!user || !configured) return user
    const known = this.#stamps.get(name) ?? this.#stampOf(configured)
    this.#stamps.set(name, known)
    return { ...user, stamp: await known }
  }

  /** False: nobody can log in, since no user exists. */
  any(): boolean {
    return this.#accounts.list().some(({ disabled }) => !disabled)
  }

  /** Slow to reverse: it stands in the file of the sessions. */
  async #stampOf({ password }: ConfiguredUser): Promise<string> {
    return (await derive(password, this.#salt, 16)).toString('base64url')
  }
}
