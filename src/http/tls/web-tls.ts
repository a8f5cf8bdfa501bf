import { X509Certificate } from 'node:crypto'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { WebIdentity } from './own-certificate.ts'

/** Name of the file in the data folder by which the commands of `penstock` know the running gateway. */
export const servedCertificateFile = 'web-certificate.pem'

const DAY: Milliseconds = 86_400_000
const LOOK_EVERY: Milliseconds = 10_000
/** What was refused may be right later: its time had not begun, or nobody could read it. */
const TRY_AGAIN_AFTER: Milliseconds = 3_600_000
const WARN_BEFORE: Milliseconds = 30 * DAY
const ALARM_BEFORE: Milliseconds = 7 * DAY

export interface WebTlsParts {
  /** What there is to prove the web by now. Rejects, saying what is wrong with it. */
  readonly read: () => Promise<WebIdentity>
  /** Another text when something is to be read that was not read before. */
  readonly stamp: () => Promise<string>
  /** The certificate that is shown to clients from now on. */
  readonly publish: (certificate: string) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What the web proves itself by while it runs: whoever renews certificate and key needs no restart. A new pair is read
 * when it has not changed for one look, since two files are never written at once; one that cannot be used is refused,
 * and the former stays.
 */
export class WebTls {
  readonly #parts: WebTlsParts
  #identity: WebIdentity
  #stamp: string
  #seen: string
  #refused: string | undefined
  #triedAt: Milliseconds = 0
  #saidAt: Milliseconds = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #looking = false

  private constructor(parts: WebTlsParts, identity: WebIdentity, stamp: string) {
    this.#parts = parts
    this.#identity = identity
    this.#stamp = stamp
    this.#seen = stamp
  }

  /** Rejects where there is nothing to begin with. */
  static async begin(parts: WebTlsParts): Promise<WebTls> {
    const stamp = await parts.stamp()
    const identity = await parts.read()
    await parts.publish(identity.certificate)
    return new WebTls(parts, identity, stamp)
  }

  get identity(): WebIdentity {
    return this.#identity
  }

  /** Looks from now on, and tells of each pair that takes the place of the former. */
  follow(renewed: (identity: WebIdentity) => void): void {
    this.#sayEnd()
    this.#cancel = this.#parts.clock.every(LOOK_EVERY, () => void this.#look(renewed))
  }

  stop(): void {
    this.#cancel?.()
  }

  async #look(renewed: (identity: WebIdentity) => void): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const stamp = await this.#parts.stamp()
      const isSettled = stamp === this.#seen
      this.#seen = stamp
      const now = this.#parts.clock.monotonic()
      const again = this.#refused !== undefined && now - this.#triedAt >= TRY_AGAIN_AFTER
      if (isSettled && (again || stamp !== this.#stamp)) {
        this.#stamp = stamp
        this.#triedAt = now
        await this.#take(renewed)
      }
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#looking = false
    }
    if (this.#parts.clock.monotonic() - this.#saidAt >= DAY) this.#sayEnd()
  }

  async #take(renewed: (identity: WebIdentity) => void): Promise<void> {
    const identity = await this.#parts.read()
    this.#refused = undefined
    if (identity.certificate === this.#identity.certificate && identity.key === this.#identity.key) return
    renewed(identity)
    await this.#parts.publish(identity.certificate)
    this.#identity = identity
    const { subject, validTo } = new X509Certificate(identity.certificate)
    this.#parts.log.info({ subject, validTo }, 'The web has another certificate from now on')
    this.#sayEnd()
  }

  #refuse(error: unknown): void {
    const cause = describeError(error)
    if (cause === this.#refused) return
    this.#refused = cause
    const message =
      'THE NEW CERTIFICATE OF THE WEB IS REFUSED, and the former stays until there is one that can be used'
    this.#parts.log.error({ cause }, message)
  }

  /** Once a day: how long the certificate is still valid, where that is not long, and that a new one was refused. */
  #sayEnd(): void {
    const { clock, log } = this.#parts
    this.#saidAt = clock.monotonic()
    const { validTo, validToDate } = new X509Certificate(this.#identity.certificate)
    const left = validToDate.getTime() - clock.now()
    if (left > WARN_BEFORE) return
    const refused = this.#refused === undefined ? {} : { refused: this.#refused }
    const level = left <= ALARM_BEFORE ? 'error' : 'warn'
    const message = left <= 0 ? 'The certificate of the web has expired' : 'The certificate of the web expires soon'
    log[level]({ validTo, ...refused }, `${message} (http.tls): browsers refuse it, so renew it`)
  }
}
