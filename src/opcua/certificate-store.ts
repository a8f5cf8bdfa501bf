import type { X509Certificate } from 'node:crypto'
import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OPCUACertificateManager, type StatusCode, StatusCodes } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { certificateOf } from './certificate-files.ts'
import { RejectedCertificates } from './rejected-certificates.ts'
import { RevocationListFiles } from './revocation-list-files.ts'
import { RevokedCertificates } from './revoked-certificates.ts'
import { thumbprintOf } from './users.ts'

/** Certificates that are trusted without being asked about; then an administrator has to choose. */
const MOST_TRUSTED_UNASKED = 500
const OWNER_ONLY = 0o600

export interface CertificateStoreOptions {
  readonly folder: string
  /** Trusts a certificate the first time it is seen. */
  readonly trustUnknown: boolean
  readonly clock: Clock
  readonly log: Logger
}

type Answer = (error: Error | null, status?: StatusCode) => void

/**
 * node-opcua's certificate store keeps every certificate that it rejects, as a file and in memory. This one keeps the
 * newest; a rejected certificate gets into the memory of the store, and out of it, with its file. It has a list of its
 * own of certificates that are revoked, tells of each that it does not accept, and believes a revocation list only if
 * its authority has signed it.
 */
export class CertificateStore extends OPCUACertificateManager {
  readonly revoked: RevokedCertificates
  readonly #rejected: RejectedCertificates
  readonly #lists: RevocationListFiles
  readonly #trustUnknown: boolean
  readonly #log: Logger
  #isOpen = false
  #sifted: Promise<void> = Promise.resolve()
  #listener: ((certificate: Buffer, reason: StatusCode) => void) | undefined

  constructor({ folder, trustUnknown, clock, log }: CertificateStoreOptions) {
    super({ rootFolder: folder, automaticallyAcceptUnknownCertificate: trustUnknown, keySize: 2048 })
    this.#rejected = new RejectedCertificates({ folder: join(folder, 'rejected'), clock, log })
    this.#lists = new RevocationListFiles({
      folders: [join(folder, 'issuers/crl'), join(folder, 'trusted/crl')],
      refusedFolder: join(folder, 'refused-lists'),
      log,
    })
    this.revoked = new RevokedCertificates(join(folder, 'revoked'))
    this.#trustUnknown = trustUnknown
    this.#log = log
  }

  /** Opens the store, without what is too much in it. */
  async open(): Promise<void> {
    await this.#rejected.prune()
    await this.revoked.open()
    await this.#closeKey()
    await this.siftLists()
    // node-opcua takes what is put into its folders while it runs.
    const sift = () => void this.siftLists()
    this.on('crlAdded', sift).on('certificateAdded', sift)
    await this.initialize()
    this.#isOpen = true
  }

  /** The certificates of authorities that are trusted here, or that others are to be checked with. */
  async authorities(): Promise<X509Certificate[]> {
    const read = async (folder: string) => {
      const names = await readdir(folder).catch(() => [])
      return Promise.all(names.map((name) => readFile(join(folder, name)).then(certificateOf, () => undefined)))
    }
    const found = await Promise.all([read(this.issuersCertFolder), read(this.trustedFolder)])
    return found.flat().filter((each) => each?.ca === true) as X509Certificate[]
  }

  /** Takes away revocation lists that no authority has signed; one search after another. Never rejects. */
  siftLists(): Promise<void> {
    this.#sifted = this.#sifted.then(async () => {
      const taken = await this.#lists.sift(() => this.authorities())
      if (taken === 0 || !this.#isOpen) return
      // node-opcua may have read the list before it went, and would go on believing it.
      await this.reloadCertificates().catch((error: unknown) => {
        this.#log.error({ cause: describeError(error) }, 'Certificates could not be read anew; restart the gateway')
      })
    })
    return this.#sifted
  }

  /** Calls back with each certificate that is not accepted, and why. */
  onRefused(listener: (certificate: Buffer, reason: StatusCode) => void): void {
    this.#listener = listener
  }

  override async rejectCertificate(certificateOrChain: Buffer | Buffer[]): Promise<void> {
    const [certificate] = [certificateOrChain].flat()
    if (certificate) await this.#rejected.keep(certificate)
  }

  /** Whether a certificate is accepted now; unlike `checkCertificate` it changes and tells nothing. */
  async isAccepted(certificate: Buffer): Promise<boolean> {
    if (this.revoked.has(thumbprintOf(certificate))) return false
    const status = await this.verifyCertificate(certificate, { acceptCertificateWithValidIssuerChain: true })
    return String(status) === 'Good'
  }

  override checkCertificate(chain: Buffer | Buffer[]): Promise<StatusCode>
  override checkCertificate(chain: Buffer | Buffer[], callback: Answer): void
  override checkCertificate(chain: Buffer | Buffer[], callback?: Answer): Promise<StatusCode> | undefined {
    const checked = this.#check(chain)
    if (!callback) return checked
    checked.then((status) => callback(null, status), callback)
    return undefined
  }

  async #check(chain: Buffer | Buffer[]): Promise<StatusCode> {
    this.automaticallyAcceptUnknownCertificate =
      this.#trustUnknown && this.getTrustedCertificateCount() < MOST_TRUSTED_UNASKED
    const isRevoked = this.revoked.has(thumbprintOf(chain))
    const status = isRevoked ? StatusCodes.BadCertificateRevoked : await super.checkCertificate(chain)
    const [certificate] = [chain].flat()
    if (!status.isGood() && certificate) this.#listener?.(certificate, status)
    return status
  }

  /** A private key that others could read may have been read. */
  async #closeKey(): Promise<void> {
    const mode = await stat(this.privateKey).then(
      ({ mode }) => mode & 0o777,
      () => OWNER_ONLY,
    )
    if ((mode & ~OWNER_ONLY) === 0) return
    await chmod(this.privateKey, OWNER_ONLY)
    const fields = { file: this.privateKey, mode: mode.toString(8).padStart(4, '0') }
    const message =
      'The private key could be used by other users of this machine, and is closed to them now (0600): if others work ' +
      'here, remove the file and the certificate, so that new ones are made'
    this.#log.warn(fields, message)
  }
}
