import { hostname } from 'node:os'
import { join } from 'node:path'
import { extractFullyQualifiedDomainName, OPCUACertificateManager } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { ensureServerCertificate } from './server-certificate.ts'
import type { OpcuaSettings } from './settings.ts'

export interface CertificateStores {
  /** The server's own key and certificate, and the client certificates it trusts or has rejected. */
  readonly application: OPCUACertificateManager
  /** Certificates of users; no user is known by one, so it stays empty. */
  readonly users: OPCUACertificateManager
  /** What the server calls itself, as its certificate has it. */
  readonly applicationUri: string
}

/**
 * Opens the certificate stores in the PKI folder, with a certificate of the server that fits the settings. A client
 * certificate that is not in `application/trusted` is refused and kept in `application/rejected`, from where an
 * operator can move it, unless clients are trusted on first use.
 */
export async function openCertificateStores(
  settings: OpcuaSettings,
  clock: Clock,
  log: Logger,
): Promise<CertificateStores> {
  const application = new OPCUACertificateManager({
    rootFolder: join(settings.pkiFolder, 'application'),
    automaticallyAcceptUnknownCertificate: settings.autoTrustClients,
    keySize: 2048,
  })
  const users = new OPCUACertificateManager({
    rootFolder: join(settings.pkiFolder, 'users'),
    automaticallyAcceptUnknownCertificate: false,
    keySize: 2048,
  })
  await application.initialize()
  await users.initialize()
  const applicationUri = await ensureServerCertificate({
    pkiFolder: settings.pkiFolder,
    store: application,
    demands: {
      hostname: settings.hostname,
      // Every name of an endpoint URL must be in the certificate (OPC 10000-4 §6.1.3).
      required: [settings.hostname, ...settings.alternateHostnames],
      welcome: [hostname(), await extractFullyQualifiedDomainName(), 'localhost', '127.0.0.1'],
    },
    clock,
    log,
  })
  return { application, users, applicationUri }
}
