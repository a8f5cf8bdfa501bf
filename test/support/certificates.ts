import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { commonName, element, extension, generalName, identifier, sequence, time } from '../../src/core/der.ts'

/** A certificate with its key, both as PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
  readonly name: string
  readonly privateKey: KeyObject
}

const DAY = 86_400_000

/** A certificate authority that trusts nothing but itself. */
export const makeAuthority = (name: string): Identity => issue({ name, authority: true })

/** A certificate for `hosts` (names or IPv4 addresses), valid for a day, or one that ended a day ago. */
export const makeIdentity = (
  issuer: Identity,
  hosts: readonly string[],
  valid: 'now' | 'no longer' | 'not yet' = 'now',
): Identity => issue({ name: hosts[0] ?? 'client', issuer, hosts, valid })

interface Request {
  readonly name: string
  readonly authority?: boolean
  readonly issuer?: Identity
  readonly hosts?: readonly string[]
  readonly valid?: 'now' | 'no longer' | 'not yet'
}

/** X.509 v3 as RFC 5280 has it, with an EC key on P-256. */
function issue({ name, authority = false, issuer, hosts = [], valid = 'now' }: Request): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const shift = { now: 0, 'no longer': -3 * DAY, 'not yet': 3 * DAY }[valid]
  const from = Date.now() - DAY + shift
  const extensions = [
    extension('551d13', sequence(authority ? element(0x01, Buffer.of(0xff)) : Buffer.alloc(0))),
    ...(hosts.length > 0 ? [extension('551d11', sequence(...hosts.map(generalName)))] : []),
  ]
  const body = sequence(
    element(0xa0, element(0x02, Buffer.of(2))),
    element(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    commonName(issuer?.name ?? name),
    sequence(time(from), time(from + 2 * DAY)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey)
  const der = sequence(body, ECDSA_WITH_SHA256, element(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name,
    privateKey,
  }
}

const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'))
