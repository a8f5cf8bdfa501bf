import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Logger } from './logger.ts'
import { hashOfNobody, isPassword } from './password.ts'
import type { ConfiguredUser, User, UserRecord } from './user.ts'

/** Passwords that are checked at the same time: each takes 16 MB and a thread of the pool. */
const AT_ONCE = 2
/** Passwords that wait to be checked; more are no plant's clients that come back. */
const MOST_WAITING = 200
const LOGGED_EVERY = 1_000
/** Wrong passwords that are known again: a client with an old one tries it for ever, and would cost a core. */
const WRONG_REMEMBERED = 1_000

/** A user as it is now. */
export interface CurrentUser extends User {
  /** Another one when what was begun with the user's password has to end: it has another, or may not log in any more. */
  readonly stamp: string
}

interface Known extends CurrentUser {
  readonly hash: string | undefined
}

/**
 * Who may log in, by password or certificate: the users of the configuration, and below them those of the database.
 * Checking a password takes the same work whether or not there is such a user; one that was right, or wrong, before is
 * known again by a keyed digest, so that clients which come back together, or send it with each request, need not wait.
 */
export class UserDirectory {
  readonly #log: Logger
  readonly #isRight: (password: string, hash: string) => Promise<boolean>
  readonly #key = randomBytes(32)
  readonly #configured: ReadonlyMap<string, Known>
  /** By name: the digest of the password that is right, and the stamp of its user then. */
  readonly #proven = new Map<string, { readonly digest: Buffer; readonly stamp: string }>()
  /** By name and password, keyed: the stamp of the user then. */
  readonly #wrong = new Map<string, string>()
  #version = 0
  #stored = new Map<string, Known>()
  #ofCertificates = new Map<string, Known>()
  #checking = 0
  #refused = 0
  readonly #waiting: (() => void)[] = []
  /** What a password is checked against where there is no user. */
  readonly #nobodysHash = hashOfNobody()

  /** `isRight`: whether a password is that of a hash; slow, on purpose. */
  constructor(parts: {
    configured: readonly ConfiguredUser[]
    log: Logger
    isRight?: (password: string, hash: string) => Promise<boolean>
  }) {
    this.#log = parts.log
    this.#isRight = parts.isRight ?? isPassword
    this.#configured = new Map(
      parts.configured.map(({ name, password, role }) => {
        const digest = this.#digest(password)
        const stamp = digest.toString('base64url')
        this.#proven.set(name, { digest, stamp })
        return [name, { name, roles: [role], stamp, hash: undefined }]
      }),
    )
  }

  /** From now on the database has these users. */
  show(records: readonly UserRecord[]): void {
    this.#version++
    const stored = records
      .filter(({ name, disabled }) => !disabled && !this.#configured.has(name))
      .map(({ name, roles, passwordHash, certificates }) => ({
        known: { name, roles, hash: passwordHash ?? undefined, stamp: stampOf(passwordHash) },
        certificates,
      }))
    this.#stored = new Map(stored.map(({ known }) => [known.name, known]))
    this.#ofCertificates = new Map(
      stored.flatMap(({ known, certificates }) => certificates.map((thumbprint) => [thumbprint, known] as const)),
    )
    for (const name of this.#proven.keys()) if (!this.find(name)) this.#proven.delete(name)
  }

  /** Another number after each change of who the users are: what was found before may not hold any more. */
  get version(): number {
    return this.#version
  }

  /** The user of this name; undefined: there is none, or it is disabled. */
  find(name: string): CurrentUser | undefined {
    return this.#known(name)
  }

  /** The user who logs in with the certificate of this thumbprint (SHA-1, 40 lower-case hexadecimal digits). */
  findByCertificate(thumbprint: string): CurrentUser | undefined {
    return this.#ofCertificates.get(thumbprint)
  }

  /** Who this is, if it is; undefined where there is no such user, or this is not the password. */
  async verify(name: string, password: string): Promise<User | undefined> {
    const digest = this.#digest(password)
    const proven = this.#proven.get(name)
    const known = this.#known(name)
    if (known && proven?.stamp === known.stamp && timingSafeEqual(proven.digest, digest)) return known
    const guess = this.#digest(`${name}\n${password}`).toString('base64')
    const stamp = known?.stamp ?? ''
    if (this.#wrong.get(guess) === stamp) return undefined
    const user = await this.#inTurn(() => this.#check(name, password, digest))
    if (user === 'not checked') return undefined
    if (!user) this.#rememberWrong(guess, stamp)
    return user
  }

  #known(name: string): Known | undefined {
    return this.#configured.get(name) ?? this.#stored.get(name)
  }

  #rememberWrong(guess: string, stamp: string): void {
    this.#wrong.delete(guess)
    this.#wrong.set(guess, stamp)
    const [oldest] = this.#wrong.keys()
    if (this.#wrong.size > WRONG_REMEMBERED && oldest !== undefined) this.#wrong.delete(oldest)
  }

  async #inTurn(check: () => Promise<User | undefined>): Promise<User | 'not checked' | undefined> {
    if (this.#waiting.length >= MOST_WAITING) {
      const refused = ++this.#refused
      if (refused % LOGGED_EVERY === 1) {
        this.#log.warn(
          { refused, waiting: MOST_WAITING },
          'Logins are refused, since too many passwords wait to be checked',
        )
      }
      return 'not checked'
    }
    if (this.#checking < AT_ONCE) this.#checking++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await check()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#checking--
    }
  }

  async #check(name: string, password: string, digest: Buffer): Promise<User | undefined> {
    const before = this.#known(name)
    const isRight = await this.#isRight(password, before?.hash ?? this.#nobodysHash)
    const known = this.#known(name)
    // Whoever was removed, or got another password, while this was checked is not let in.
    if (!isRight || !before?.hash || known?.hash !== before.hash) return undefined
    this.#proven.set(name, { digest, stamp: known.stamp })
    return known
  }

  /** Of equal length for any two passwords, and useless outside of this process. */
  #digest(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password.normalize('NFKC')).digest()
  }
}

const stampOf = (passwordHash: string | null): string =>
  createHash('sha256')
    .update(passwordHash ?? '')
    .digest('base64url')
