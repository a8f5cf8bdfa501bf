import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { commonName, element, extension, identifier, sequence, time } from '../../src/core/der.ts'

/** A certificate as OPC UA wants it (OPC 10000-6 §6.2.2), with its RSA key. */
export interface OpcuaIdentity {
  readonly der: Buffer
  readonly pem: string
  /** PKCS#8, as PEM. */
  readonly key: string
  /** SHA-1 of the DER. */
  readonly thumbprint: string
  readonly name: string
  readonly serial: Buffer
  readonly privateKey: KeyObject
  readonly keyId: Buffer
}

const DAY = 86_400_000
const SHA256_WITH_RSA = sequence(identifier('2a864886f70d01010b'), element(0x05, Buffer.alloc(0)))

export interface IdentityOptions {
  readonly issuer?: OpcuaIdentity
  readonly authority?: boolean
  /** Days from now until it ends; it began 30 days ago. */
  readonly days?: number
  /** The ApplicationUri of a client. */
  readonly uri?: string
}

/** A self-signed certificate, or one of `issuer`. */
export function makeOpcuaIdentity(name: string, options: IdentityOptions = {}): OpcuaIdentity {
  const { issuer, authority = false, days = 30, uri = `urn:test:${name}` } = options
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyId = createHash('sha1').update(spki).digest()
  const serial = Buffer.concat([Buffer.of(1), randomBytes(8)])
  const usage = authority ? Buffer.of(1, 0x06) : Buffer.of(3, 0xf8)
  const extensions = [
    extension('551d13', sequence(authority ? element(0x01, Buffer.of(0xff)) : Buffer.alloc(0))),
    extension('551d0f', element(0x03, usage)),
    extension('551d0e', element(0x04, keyId)),
    extension('551d23', sequence(element(0x80, issuer?.keyId ?? keyId))),
    extension('551d11', sequence(element(0x86, Buffer.from(uri)))),
  ]
  const body = sequence(
    element(0xa0, element(0x02, Buffer.of(2))),
    element(0x02, serial),
    SHA256_WITH_RSA,
    commonName(issuer?.name ?? name),
    sequence(time(Date.now() - 30 * DAY), time(Date.now() + days * DAY)),
    commonName(name),
    spki,
    element(0xa3, sequence(...extensions)),
  )
  const der = signed(body, issuer?.privateKey ?? privateKey)
  return {
    der,
    pem: pemOf(der, 'CERTIFICATE'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprint: createHash('sha1').update(der).digest('hex'),
    name,
    serial,
    privateKey,
    keyId,
  }
}

/** The revocation list of an authority (RFC 5280 §5), as PEM. */
export function makeRevocationList(authority: OpcuaIdentity, revoked: readonly OpcuaIdentity[] = []): string {
  const now = Date.now()
  const entries = revoked.map(({ serial }) => sequence(element(0x02, serial), time(now - DAY)))
  const extensions = [
    extension('551d23', sequence(element(0x80, authority.keyId))),
    extension('551d14', element(0x02, Buffer.of(revoked.length + 1))),
  ]
  const body = sequence(
    element(0x02, Buffer.of(1)),
    SHA256_WITH_RSA,
    commonName(authority.name),
    time(now - DAY),
    time(now + 30 * DAY),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    element(0xa0, sequence(...extensions)),
  )
  return pemOf(signed(body, authority.privateKey), 'X509 CRL')
}

const signed = (body: Buffer, key: KeyObject): Buffer =>
  sequence(body, SHA256_WITH_RSA, element(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, key)])))

const pemOf = (der: Buffer, what: string): string =>
  `-----BEGIN ${what}-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${what}-----\n`
