import { join } from 'node:path'
import { OPCUACertificateManager } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { RejectedCertificates } from './rejected-certificates.ts'

export interface CertificateStoreOptions {
  readonly folder: string
  /** Trusts a certificate the first time it is seen. */
  readonly trustUnknown: boolean
  readonly clock: Clock
  readonly log: Logger
}

/**
 * node-opcua's certificate store keeps every certificate that it rejects, as a file and in memory. This one keeps the
 * newest; a rejected certificate gets into the memory of the store, and out of it, with its file.
 */
export class CertificateStore extends OPCUACertificateManager {
  readonly #rejected: RejectedCertificates

  constructor({ folder, trustUnknown, clock, log }: CertificateStoreOptions) {
    super({ rootFolder: folder, automaticallyAcceptUnknownCertificate: trustUnknown, keySize: 2048 })
    this.#rejected = new RejectedCertificates({ folder: join(folder, 'rejected'), clock, log })
  }

  /** Opens the store, without what is too much in it. */
  async open(): Promise<void> {
    await this.#rejected.prune()
    await this.initialize()
  }

  override async rejectCertificate(certificateOrChain: Buffer | Buffer[]): Promise<void> {
    const [certificate] = [certificateOrChain].flat()
    if (certificate) await this.#rejected.keep(certificate)
  }
}
