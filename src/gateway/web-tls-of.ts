import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { type Clock, type Milliseconds, systemClock } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { makeOwnCertificate, missingNames, type WebIdentity } from '../http/tls/own-certificate.ts'
import { servedCertificateFile, WebTls } from '../http/tls/web-tls.ts'
import { readTlsMaterial } from '../sources/tls-material.ts'

const DAY: Milliseconds = 86_400_000
/** A certificate of our own that ends sooner is replaced. */
const RENEW_BEFORE: Milliseconds = 30 * DAY
const FIRST_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/

interface Files {
  readonly certificateFile: string
  readonly keyFile: string
}

/**
 * What the web proves itself by; undefined: it is served without TLS. Rejects with CONFIG_INVALID where the configured
 * files cannot be used; a certificate that has only expired is served all the same, and the log says so.
 */
export async function webTlsOf(config: Config, log: Logger, clock: Clock = systemClock): Promise<WebTls | undefined> {
  const published = join(config.gateway.data, servedCertificateFile)
  const { tls } = config.http
  if (!tls?.enabled) {
    await rm(published, { force: true })
    return undefined
  }
  const publish = (certificate: string) => written(published, FIRST_CERTIFICATE.exec(certificate)?.[0] ?? '', 0o644)
  const files = filesOf(tls)
  if (files) {
    let hasBegun = false
    const read = async () => {
      const identity = await (hasBegun ? readPair(files, clock.now()) : readEvenExpired(files, clock.now()))
      hasBegun = true
      return identity
    }
    return WebTls.begin({ read, stamp: () => stampOf(files), publish, clock, log })
  }
  const own = ownFiles(config.gateway.data)
  const names = webNames(config)
  const stamp = async () => `${await stampOf(own)} ${await isEnding(own, clock.now())}`
  return WebTls.begin({ read: () => ensured(own, names, clock.now(), log), stamp, publish, clock, log })
}

/** The files that the configuration names; undefined: the certificate is the gateway's own. */
export const filesOf = ({ certificateFile, keyFile }: NonNullable<Config['http']['tls']>): Files | undefined =>
  certificateFile !== undefined && keyFile !== undefined ? { certificateFile, keyFile } : undefined

/** Where the gateway keeps a certificate that it makes itself. */
export const ownFiles = (dataFolder: string): Files => ({
  certificateFile: join(dataFolder, 'pki/web/certificate.pem'),
  keyFile: join(dataFolder, 'pki/web/private/key.pem'),
})

/** Names and addresses by which browsers come: those that the OPC UA server tells clients, and this machine's own. */
export function webNames({ opcua, http }: Config): readonly string[] {
  const bound = ['0.0.0.0', '::'].includes(http.bind) ? [] : [http.bind]
  const names = [opcua.hostname, ...opcua.alternateHostnames, ...bound, hostname(), 'localhost', '127.0.0.1', '::1']
  return [...new Set(names.map((name) => name.toLowerCase()))]
}

/** Certificate and key of the web. Rejects with CONFIG_INVALID, saying which setting is wrong and why. */
export async function readPair(files: Files, now: Milliseconds): Promise<WebIdentity> {
  try {
    const { client } = await readTlsMaterial(files, () => undefined, now)
    if (client) return client
    throw new Error('There is no certificate')
  } catch (cause) {
    throw new PenstockError('CONFIG_INVALID', 'The web (http.tls) cannot prove itself', { cause })
  }
}

/** A gateway does not stay down because nobody renewed the certificate of its pages. */
async function readEvenExpired(files: Files, now: Milliseconds): Promise<WebIdentity> {
  try {
    return await readPair(files, now)
  } catch (error) {
    const end = await endOf(files.certificateFile)
    if (end === undefined || end > now) throw error
    return readPair(files, end - 1)
  }
}

/** The gateway's own certificate; another one of the same key where a name is missing or its end is near. */
async function ensured(own: Files, names: readonly string[], now: Milliseconds, log: Logger): Promise<WebIdentity> {
  const present = await readEvenExpired(own, now).catch(() => undefined)
  const missing = present ? missingNames(present.certificate, names) : []
  if (present && missing.length === 0 && !(await isEnding(own, now))) return present
  const made = makeOwnCertificate(names, now, present?.key)
  await mkdir(join(own.keyFile, '..'), { recursive: true, mode: 0o700 })
  await written(own.keyFile, made.key, 0o600)
  await written(own.certificateFile, made.certificate, 0o644)
  const { certificateFile } = own
  log.warn({ certificateFile, names, missing }, 'Made a certificate for the web: browsers ask before they believe it')
  return made
}

async function isEnding({ certificateFile }: Files, now: Milliseconds): Promise<boolean> {
  const end = await endOf(certificateFile)
  return end === undefined || end - now < RENEW_BEFORE
}

/** undefined: there is no certificate that can be read. */
async function endOf(file: string): Promise<Milliseconds | undefined> {
  try {
    return new X509Certificate(await readFile(file)).validToDate.getTime()
  } catch {
    return undefined
  }
}

/** Another text when one of the files is another; links are followed, as certbot and Kubernetes renew by them. */
async function stampOf({ certificateFile, keyFile }: Files): Promise<string> {
  const stamps = [certificateFile, keyFile].map(async (file) => {
    const found = await stat(file).catch(() => undefined)
    return found ? `${found.ino}:${found.ctimeMs}:${found.size}` : 'none'
  })
  return (await Promise.all(stamps)).join(' ')
}

async function written(file: string, text: string, mode: number): Promise<void> {
  const fresh = `${file}.new`
  await writeFile(fresh, text, { mode })
  await chmod(fresh, mode)
  await rename(fresh, file)
}
