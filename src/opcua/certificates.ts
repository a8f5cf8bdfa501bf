import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { extractFullyQualifiedDomainName, OPCUACertificateManager } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { OpcuaSettings } from './settings.ts'

const VALID_DAYS = 3_650

export interface CertificateStores {
  /** The server's own key and certificate, and the client certificates it trusts or has rejected. */
  readonly application: OPCUACertificateManager
  /** Certificates of users; no user is known by one, so it stays empty. */
  readonly users: OPCUACertificateManager
}

/**
 * Opens the certificate stores in the PKI folder and, at the first start, makes the server's key and self-signed
 * certificate, offline. A client certificate that is not in `application/trusted` is refused and kept in
 * `application/rejected`, from where an operator can move it, unless clients are trusted on first use.
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
  const certificateFile = join(application.rootDir, 'own/certs/certificate.pem')
  if (existsSync(certificateFile)) return { application, users }

  const names = await hostNames(settings)
  await application.createSelfSignedCertificate({
    applicationUri: settings.applicationUri,
    dns: names.filter((name) => isIP(name) === 0),
    ip: names.filter((name) => isIP(name) !== 0),
    subject: `/CN=Penstock@${settings.hostname}/O=Penstock`,
    startDate: new Date(clock.now()),
    validity: VALID_DAYS,
    outputFile: certificateFile,
  })
  log.info({ certificateFile, names }, 'Made the certificate of the OPC UA server, self-signed and valid for ten years')
  return { application, users }
}

/** Every name that a client may use in the endpoint URL: it must find it in the certificate (OPC 10000-4 §6.1.3). */
async function hostNames(settings: OpcuaSettings): Promise<string[]> {
  const domainName = await extractFullyQualifiedDomainName()
  const names = [settings.hostname, ...settings.alternateHostnames, hostname(), domainName, 'localhost', '127.0.0.1']
  return [...new Set(names)]
}
