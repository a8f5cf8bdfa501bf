import { createHash, X509Certificate } from 'node:crypto'
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** Certificates that are kept; of more, the newest. */
export const MAX_REJECTED = 100
/** Files written in one second; what comes on top is only counted. A client that tries again gets its turn. */
const WRITTEN_A_SECOND = 20
/** A file gone so shortly after it was there is being moved to the trusted ones: put back, it would undo that. */
const MOVED_WITHIN: Milliseconds = 10_000
const LOGGED_EVERY: Milliseconds = 60_000

export interface RejectedCertificatesOptions {
  readonly folder: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The certificates of clients that were refused, for an operator to trust. Anybody who reaches the port can send ever
 * new ones, so neither the folder nor the log nor the work may grow with their number.
 */
export class RejectedCertificates {
  readonly #options: RejectedCertificatesOptions
  /** Writes one after the other, so that the folder is counted right. */
  #last: Promise<void> = Promise.resolve()
  /** When the files that are kept were last written or touched. */
  readonly #seen = new Map<string, Milliseconds>()
  #second = 0
  #written = 0
  #rejected = 0
  #loggedAt: Milliseconds | undefined

  constructor(options: RejectedCertificatesOptions) {
    this.#options = options
  }

  /** Keeps the certificate (DER), as the newest. Never rejects: the client is refused whether or not this works. */
  async keep(certificate: Buffer): Promise<void> {
    this.#rejected++
    const kept = this.#isTurn() ? this.#after(() => this.#write(certificate)) : Promise.resolve(undefined)
    const cause = await kept.then(
      () => undefined,
      (error: unknown) => describeError(error),
    )
    this.#say(certificate, cause)
  }

  /** Removes the oldest files above the limit. */
  async prune(): Promise<void> {
    const { folder } = this.#options
    const names = (await readdir(folder).catch(noneIfAbsent)).filter((name) => name.endsWith('.pem'))
    if (names.length <= MAX_REJECTED) return
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await changedAt(join(folder, name))) ?? 0 })),
    )
    aged.sort((one, other) => other.at - one.at)
    for (const { name } of aged.slice(MAX_REJECTED)) {
      await rm(join(folder, name), { force: true })
      this.#seen.delete(name)
    }
  }

  #after(action: () => Promise<void>): Promise<void> {
    const done = this.#last.then(action)
    // Whoever asked for the action hears of its failure; the next one begins all the same.
    this.#last = Promise.allSettled([done]).then(() => undefined)
    return done
  }

  #isTurn(): boolean {
    const second = Math.floor(this.#options.clock.monotonic() / 1_000)
    if (second !== this.#second) this.#written = 0
    this.#second = second
    return this.#written++ < WRITTEN_A_SECOND
  }

  async #write(certificate: Buffer): Promise<void> {
    const { folder, clock } = this.#options
    const name = fileName(certificate)
    const file = join(folder, name)
    const isNew = (await changedAt(file)) === undefined
    const seenAt = this.#seen.get(name)
    if (isNew && seenAt !== undefined && clock.monotonic() - seenAt < MOVED_WITHIN) return
    if (isNew) await writeFile(file, pem(certificate))
    const now = new Date(clock.now())
    await utimes(file, now, now)
    this.#seen.delete(name)
    this.#seen.set(name, clock.monotonic())
    if (isNew) await this.prune()
  }

  #say(certificate: Buffer, cause: string | undefined): void {
    const { folder, clock, log } = this.#options
    const now = clock.monotonic()
    if (this.#loggedAt !== undefined && now - this.#loggedAt < LOGGED_EVERY) return
    this.#loggedAt = now
    const fields = { file: join(folder, fileName(certificate)), rejected: this.#rejected }
    if (cause !== undefined) log.error({ ...fields, cause }, 'A rejected client certificate could not be kept')
    else {
      const thumbprint = thumbprintOf(certificate)
      log.warn(
        { ...fields, thumbprint },
        `A client whose certificate is not trusted was refused. If it may connect: penstock certificates trust ${thumbprint}`,
      )
    }
  }
}

/** Undefined for a file that is not there: an operator may have moved it. */
async function changedAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** As node-opcua names certificates: the common name for the eye, the SHA-1 thumbprint for what it is. */
const fileName = (certificate: Buffer): string => `${commonName(certificate)}[${thumbprintOf(certificate)}].pem`

const thumbprintOf = (certificate: Buffer): string => createHash('sha1').update(certificate).digest('hex')

function commonName(certificate: Buffer): string {
  let subject: string
  try {
    subject = new X509Certificate(certificate).subject
  } catch {
    // node-opcua reads some that OpenSSL does not; the thumbprint is enough.
    return 'unreadable'
  }
  const [, name = ''] = /^CN=(.*)$/m.exec(subject) ?? []
  return name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 60)
}

const pem = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`

function noneIfAbsent(error: unknown): string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
  throw error
}
