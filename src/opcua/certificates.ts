import { hostname } from 'node:os'
import { join } from 'node:path'
import { extractFullyQualifiedDomainName } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { CertificateStore } from './certificate-store.ts'
import { ensureServerCertificate } from './server-certificate.ts'
import type { OpcuaSettings } from './settings.ts'

export interface CertificateStores {
  /** The server's own key and certificate, and the client certificates it trusts or has rejected. */
  readonly application: CertificateStore
  /** Certificates that users log in with. */
  readonly users: CertificateStore
  /** What the server calls itself, as its certificate has it. */
  readonly applicationUri: string
}

/**
 * Opens the certificate stores in the PKI folder, with a certificate of the server that fits the settings. A client
 * certificate that is not in `application/trusted` is refused and kept in `application/rejected`, from where an
 * operator can move it as long as it is among the newest, unless clients are trusted on first use.
 */
export async function openCertificateStores(
  settings: OpcuaSettings,
  clock: Clock,
  log: Logger,
): Promise<CertificateStores> {
  const { pkiFolder, autoTrustClients } = settings
  const open = async (name: string, trustUnknown: boolean) => {
    const store = new CertificateStore({ folder: join(pkiFolder, name), trustUnknown, clock, log })
    await store.open()
    return store
  }
  const application = await open('application', autoTrustClients)
  const users = await open('users', false)
  const applicationUri = await ensureServerCertificate({
    pkiFolder,
    store: application,
    demands: {
      hostname: settings.hostname,
      // Every name of an endpoint URL must be in the certificate (OPC 10000-4 §6.1.3).
      required: [settings.hostname, ...settings.alternateHostnames],
      welcome: async () => [hostname(), await extractFullyQualifiedDomainName(), 'localhost', '127.0.0.1'],
    },
    clock,
    log,
  })
  return { application, users, applicationUri }
}
