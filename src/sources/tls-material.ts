import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { getCACertificates } from 'node:tls'
import type { Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { TlsConfig } from '../core/plant.ts'

/** What a TLS connection needs, read and checked. */
export interface TlsMaterial {
  /** Certificates of the authorities that are trusted, as PEM; undefined: the system's. */
  readonly ca: readonly string[] | undefined
  readonly client: { readonly certificate: string; readonly key: string } | undefined
  readonly serverName: string | undefined
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const WORLD_MAY_READ_OR_WRITE = 0o006

/**
 * Reads the files that `tls` names, and the key that its environment variable holds. Rejects with CONFIG_INVALID or
 * SECRET_MISSING, naming the setting, the file and what to do; never with a part of a key.
 */
export async function readTlsMaterial(
  tls: TlsConfig,
  secret: (name: string) => string | undefined,
  now: Milliseconds,
): Promise<TlsMaterial> {
  const ca = tls.caFile === undefined ? undefined : await certificatesOf('tls.caFile', tls.caFile)
  if (ca && tls.caFile !== undefined) refuseUnlessValid('tls.caFile', tls.caFile, ca, now, 'any')
  const { certificateFile, serverName } = tls
  if (certificateFile === undefined) return { ca, client: undefined, serverName }
  const chain = await certificatesOf('tls.certificateFile', certificateFile)
  refuseUnlessValid('tls.certificateFile', certificateFile, chain, now, 'first')
  const { key, from } = await keyOf(tls, secret)
  refuseUnlessPair(chain[0] ?? '', key, certificateFile, from)
  return { ca, client: { certificate: chain.join('\n'), key }, serverName }
}

/**
 * What a server's certificate is proved by, as PEM: the configured authorities, or else the system's, which are joined by
 * Node's own, for the system has none where the package ca-certificates is missing.
 */
export const trustedAuthorities = (tls: TlsMaterial | undefined): readonly string[] =>
  tls?.ca ?? [...new Set([...getCACertificates('system'), ...getCACertificates('bundled')])]

async function certificatesOf(setting: string, path: string): Promise<readonly string[]> {
  const certificates = (await contentOf(setting, path)).match(PEM_CERTIFICATE) ?? []
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw refuse(`${setting}: the file ${path} holds no certificate that can be read. Give a certificate in PEM form`)
  }
  return certificates
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}

/** Of a list of authorities one that is valid is enough; of a chain the first must be. */
function refuseUnlessValid(
  setting: string,
  path: string,
  pems: readonly string[],
  now: Milliseconds,
  which: 'any' | 'first',
): void {
  const certificates = pems.map((pem) => new X509Certificate(pem))
  const asked = which === 'any' ? certificates : certificates.slice(0, 1)
  const valid = ({ validFrom, validTo }: X509Certificate) => Date.parse(validFrom) <= now && now <= Date.parse(validTo)
  const [first] = asked
  if (!first || asked.some(valid)) return
  const early = Date.parse(first.validFrom) > now
  const when = new Date(early ? first.validFrom : first.validTo).toISOString()
  const fault = early ? `is not valid before ${when}` : `expired on ${when}`
  throw refuse(
    `${setting}: the certificate in ${path} ${fault}. Put a valid one there, or correct the clock of this machine`,
  )
}

async function keyOf(
  { keyFile, keyEnv }: TlsConfig,
  secret: (name: string) => string | undefined,
): Promise<{ readonly key: string; readonly from: string }> {
  if (keyFile !== undefined) return { key: await keyFileContent(keyFile), from: `tls.keyFile ${keyFile}` }
  const key = keyEnv === undefined ? undefined : secret(keyEnv)
  if (key !== undefined) return { key, from: `the variable ${keyEnv} of tls.keyEnv` }
  throw new PenstockError(
    'SECRET_MISSING',
    `tls.keyEnv: the variable ${keyEnv} with the key of the client certificate is not set`,
  )
}

async function keyFileContent(path: string): Promise<string> {
  const content = await contentOf('tls.keyFile', path)
  const { mode } = await stat(path)
  if ((mode & WORLD_MAY_READ_OR_WRITE) === 0) return content
  throw refuse(
    `tls.keyFile: every user of this machine may read or write ${path}. Run chmod 600 on it, owned by the user that runs Penstock`,
  )
}

function refuseUnlessPair(certificate: string, key: string, certificateFile: string, from: string): void {
  let parsed: ReturnType<typeof createPrivateKey>
  try {
    parsed = createPrivateKey(key)
  } catch {
    throw refuse(`${from} holds no private key that can be read. Give an unencrypted key in PEM form`)
  }
  if (new X509Certificate(certificate).checkPrivateKey(parsed)) return
  throw refuse(
    `${from} holds another key than that of the certificate in tls.certificateFile ${certificateFile}. Give the two that belong together`,
  )
}

async function contentOf(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw refuse(
      `${setting}: the file ${path} cannot be read${code}. Correct the path, or let the user that runs Penstock read it`,
    )
  }
}

const refuse = (message: string): PenstockError => new PenstockError('CONFIG_INVALID', message)
