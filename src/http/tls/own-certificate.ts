import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Milliseconds } from '../../core/clock.ts'
import { commonName, element, extension, generalName, identifier, sequence, time } from '../../core/der.ts'

/** What the web proves itself by, as PEM; the certificate with its chain. */
export interface WebIdentity {
  readonly certificate: string
  readonly key: string
}

const DAY: Milliseconds = 86_400_000
/** Browsers of Apple take none that is valid for longer than 825 days. */
const VALID: Milliseconds = 820 * DAY
/** Clocks of clients may be behind. */
const EARLIER: Milliseconds = DAY
const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'))

/**
 * A certificate that is signed by its own key (X.509 v3, RFC 5280; EC on P-256), for these DNS names and IP addresses,
 * with the key that is given or a new one. Clients believe it who are given it.
 */
export function makeOwnCertificate(names: readonly string[], now: Milliseconds, key = newKey()): WebIdentity {
  const privateKey = createPrivateKey(key)
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const name = commonName(`Penstock@${names[0] ?? 'localhost'}`.slice(0, 64))
  const extensions = [
    extension('551d13', sequence()),
    // KeyUsage: digitalSignature. ExtendedKeyUsage: serverAuth.
    extension('551d0f', Buffer.from('03020780', 'hex')),
    extension('551d25', sequence(identifier('2b06010505070301'))),
    extension('551d11', sequence(...names.map(generalName))),
  ]
  const body = sequence(
    element(0xa0, element(0x02, Buffer.of(2))),
    element(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(now - EARLIER), time(now + VALID)),
    name,
    spki,
    element(0xa3, sequence(...extensions)),
  )
  const signature = element(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, privateKey)]))
  const lines = sequence(body, ECDSA_WITH_SHA256, signature).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return { certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, key }
}

/** Which of the names the certificate lacks. */
export function missingNames(pem: string, names: readonly string[]): readonly string[] {
  const certificate = new X509Certificate(pem)
  const dns = (certificate.subjectAltName ?? '').toLowerCase().split(', ')
  return names.filter((name) =>
    isIP(name) === 0 ? !dns.includes(`dns:${name.toLowerCase()}`) : certificate.checkIP(name) === undefined,
  )
}

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
