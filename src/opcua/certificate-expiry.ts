import type { EndingCertificate, KnownCertificate } from '../core/certificate.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

const DAY: Milliseconds = 86_400_000
/** Days before the end at which it is said; the first is also from when on health has it. */
const SAID_AT = [30, 7, 1, 0] as const

/** Looks once a day whether a certificate that is relied on ends soon: the server's, trusted ones, authorities. */
export class CertificateExpiry {
  readonly #list: () => Promise<readonly KnownCertificate[]>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #end: () => void
  /** By thumbprint: the days at which it was said last. */
  readonly #said = new Map<string, number>()
  #ending: readonly EndingCertificate[] = []

  constructor(parts: { list: () => Promise<readonly KnownCertificate[]>; clock: Clock; log: Logger }) {
    this.#list = parts.list
    this.#clock = parts.clock
    this.#log = parts.log
    this.#end = parts.clock.every(DAY, () => void this.look())
  }

  /** Those that end within 30 days, or have ended, as they were when last looked at. */
  get ending(): readonly EndingCertificate[] {
    return this.#ending
  }

  stop(): void {
    this.#end()
  }

  /** Never rejects: what keeps it from looking is in the log. */
  async look(): Promise<void> {
    try {
      const now = this.#clock.now()
      const reliedOn = (await this.#list()).filter(({ place }) => place !== 'rejected' && place !== 'revoked')
      this.#ending = reliedOn.flatMap((each) =>
        each.validTo !== null && each.validTo - now <= SAID_AT[0] * DAY ? [{ ...each, validTo: each.validTo }] : [],
      )
      for (const each of this.#ending) this.#say(each, now)
    } catch (error) {
      this.#log.error({ cause: describeError(error) }, 'It cannot be seen which certificates end soon')
    }
  }

  #say({ store, place, thumbprint, subject, validTo }: EndingCertificate, now: number): void {
    const left = validTo - now
    const step = SAID_AT.findLast((days) => left <= days * DAY)
    if (step === undefined || this.#said.get(thumbprint) === step) return
    this.#said.set(thumbprint, step)
    const fields = { store, place, thumbprint, subject, validTo: new Date(validTo).toISOString() }
    if (left <= 0) this.#log.error(fields, 'A CERTIFICATE HAS EXPIRED: who relies on it cannot connect')
    else this.#log.warn({ ...fields, days: Math.ceil(left / DAY) }, `A certificate expires soon: ${advice[place]}`)
  }
}

const advice: Readonly<Record<KnownCertificate['place'], string>> = {
  own: 'restart the gateway, which makes a new one, and let clients trust that; or have its issuer make one',
  trusted: 'have a new one made for the client or user, and trust that',
  issuer: 'have the authority make a new one, and trust that',
  rejected: 'nobody relies on it',
  revoked: 'nobody relies on it',
}
