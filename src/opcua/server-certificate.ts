import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { OPCUACertificateManager } from 'node-opcua'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { applicationUriOf, keptApplicationUri } from './application-uri.ts'

const DAY: Milliseconds = 86_400_000
const VALID_DAYS = 3_650
/** A certificate that ends sooner than this is replaced at the start. */
const RENEW_BEFORE: Milliseconds = 30 * DAY
const FORMERS_KEPT = 5

export interface CertificateDemands {
  /** What the server is called in the subject. */
  readonly hostname: string
  /** Names and IP addresses that a certificate must have, or it is replaced. */
  readonly required: readonly string[]
  /** Further ones, which a new certificate gets and for which none is replaced: they follow the machine. */
  readonly welcome: () => Promise<readonly string[]>
}

export interface ServerCertificateOptions {
  readonly pkiFolder: string
  /** Initialised: the private key is there. */
  readonly store: OPCUACertificateManager
  readonly demands: CertificateDemands
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Sees to it that the server has a certificate that fits, and answers the ApplicationUri. One that misses a name, is
 * for another ApplicationUri or another key, or ends within 30 days, is kept aside and replaced by a new one of the
 * same private key, offline and self-signed. A certificate that somebody else issued is replaced only when the private
 * key is not its own: what else is wrong with it, its issuer has to mend.
 */
export async function ensureServerCertificate(options: ServerCertificateOptions): Promise<string> {
  const { pkiFolder, store, demands, clock, log } = options
  const file = join(store.rootDir, 'own/certs/certificate.pem')
  const present = await readCertificate(file)
  const certificate = present instanceof X509Certificate ? present : undefined
  const applicationUri = await keptApplicationUri(pkiFolder, certificate)
  if (present === undefined) {
    await issue(options, file, applicationUri)
    log.info(
      { certificateFile: file, applicationUri },
      'Made the certificate of the OPC UA server, valid for ten years',
    )
    return applicationUri
  }

  const key = createPrivateKey(await readFile(store.privateKey))
  const foreignKey = certificate === undefined || !certificate.checkPrivateKey(key)
  const faults = certificate ? faultsOf(certificate, applicationUri, demands, clock.now()) : [String(present)]
  if (certificate && foreignKey) faults.push('it belongs to another private key')
  if (certificate && clock.now() < certificate.validFromDate.getTime()) {
    const field = { certificateFile: file, validFrom: certificate.validFromDate.toISOString() }
    log.error(field, 'The certificate of the OPC UA server is not valid yet: check the clock of this machine')
  }
  if (faults.length === 0) return applicationUri

  if (certificate && !foreignKey && !certificate.checkIssued(certificate)) {
    log.error(
      { certificateFile: file, applicationUri, faults, names: demands.required },
      'The certificate of the OPC UA server does not fit, and clients may refuse it: have its issuer make one for this ' +
        'ApplicationUri and these names',
    )
    return applicationUri
  }
  const formerFile = join(
    store.rootDir,
    'own/certs',
    `former-${new Date(clock.now()).toISOString().replaceAll(':', '-')}.pem`,
  )
  await issue(options, `${file}.new`, applicationUri)
  await rename(file, formerFile)
  await rename(`${file}.new`, file)
  await forgetFormers(join(store.rootDir, 'own/certs'))
  log.warn(
    { certificateFile: file, formerFile, applicationUri, faults },
    'THE CERTIFICATE OF THE OPC UA SERVER WAS REPLACED by a new one of the same key: clients that trusted the former ' +
      'one have to trust it anew',
  )
  return applicationUri
}

/** What is wrong with a certificate, each in words; nothing: clients can use it. */
export function faultsOf(
  certificate: X509Certificate,
  applicationUri: string,
  { required }: CertificateDemands,
  now: Milliseconds,
): string[] {
  const faults: string[] = []
  const missing = required.filter((name) => !holdsName(certificate, name))
  if (missing.length > 0) faults.push(`it lacks the names ${missing.join(', ')}`)
  const uri = applicationUriOf(certificate)
  if (uri !== applicationUri) faults.push(`it is for the ApplicationUri ${uri ?? '(none)'}`)
  const ends = certificate.validToDate
  if (ends.getTime() <= now) faults.push(`it expired on ${ends.toISOString()}`)
  else if (ends.getTime() < now + RENEW_BEFORE) faults.push(`it expires on ${ends.toISOString()}`)
  return faults
}

function holdsName(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined
  const names = (certificate.subjectAltName ?? '').toLowerCase().split(', ')
  return names.includes(`dns:${name.toLowerCase()}`)
}

async function issue(options: ServerCertificateOptions, outputFile: string, applicationUri: string): Promise<void> {
  const { store, demands, clock } = options
  const names = [...new Set([...demands.required, ...(await demands.welcome())])]
  await store.createSelfSignedCertificate({
    applicationUri,
    dns: names.filter((name) => isIP(name) === 0),
    ip: names.filter((name) => isIP(name) !== 0),
    subject: `/CN=Penstock@${demands.hostname}/O=Penstock`,
    startDate: new Date(clock.now()),
    validity: VALID_DAYS,
    outputFile,
  })
}

/** Keeps the newest certificates that were replaced; their names are in the order of their times. */
async function forgetFormers(folder: string): Promise<void> {
  const formers = (await readdir(folder)).filter((name) => /^former-.*\.pem$/.test(name)).sort()
  for (const name of formers.slice(0, -FORMERS_KEPT)) await rm(join(folder, name), { force: true })
}

/** The certificate, why it cannot be read, or undefined: there is none. */
async function readCertificate(file: string): Promise<X509Certificate | string | undefined> {
  try {
    return new X509Certificate(await readFile(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return `it cannot be read: ${describeError(error)}`
  }
}
