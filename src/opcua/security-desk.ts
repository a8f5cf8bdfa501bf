import type {
  CertificateAnswer,
  CertificateChange,
  CertificateName,
  EndingCertificate,
  KnownCertificate,
  KnownRevocationList,
} from '../core/certificate.ts'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import type { AuditTrail } from './audit/audit-trail.ts'
import { CertificateDesk } from './certificate-desk.ts'
import { CertificateExpiry } from './certificate-expiry.ts'
import type { PreparedServer } from './server.ts'

export interface SecurityDeskOptions {
  readonly prepared: PreparedServer
  readonly trail: AuditTrail
  readonly clock: Clock
  readonly log: Logger
}

/** The certificates of the running server: what is decided about them holds at once, and is written down. */
export class SecurityDesk {
  readonly #options: SecurityDeskOptions
  readonly #desk: CertificateDesk
  readonly #expiry: CertificateExpiry

  constructor(options: SecurityDeskOptions) {
    this.#options = options
    const { prepared, trail, clock, log } = options
    this.#desk = new CertificateDesk(prepared.stores)
    this.#expiry = new CertificateExpiry({ list: () => this.#desk.list(), clock, log })
    prepared.stores.application.onRefused((certificate, reason) => trail.certificateRefused(certificate, reason))
    void this.#expiry.look()
  }

  /** Certificates that end within 30 days, or have ended. */
  get ending(): readonly EndingCertificate[] {
    return this.#expiry.ending
  }

  certificates(): Promise<readonly KnownCertificate[]> {
    return this.#desk.list()
  }

  revocationLists(): Promise<readonly KnownRevocationList[]> {
    return this.#desk.lists()
  }

  certificateText(which: CertificateName): Promise<string | null> {
    return this.#desk.textOf(which)
  }

  /** Makes the change and ends what does not hold any more; or answers why not, in words. */
  async change(change: CertificateChange, by: Actor): Promise<CertificateAnswer> {
    const { prepared, trail, clock } = this.#options
    const answer = await this.#desk.change(change)
    const subject = 'thumbprint' in change ? change.thumbprint : ''
    const action = `certificate.${change.action}`
    const details = 'refused' in answer ? { reason: answer.refused } : { store: change.store }
    trail.note({ at: clock.now(), by, action, subject, outcome: 'refused' in answer ? 'refused' : 'done', details })
    if ('refused' in answer) return answer
    trail.changed({ action, subject, user: by.user })
    const { application, users } = prepared.stores
    await prepared.guard.certificatesChanged((certificate, of) =>
      (of === 'client' ? application : users).isAccepted(certificate),
    )
    await this.#expiry.look()
    return answer
  }

  stop(): void {
    this.#expiry.stop()
  }
}
