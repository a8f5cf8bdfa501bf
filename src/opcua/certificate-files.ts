import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CertificatePlace,
  type CertificateStoreName,
  certificateStores,
  type KnownCertificate,
} from '../core/certificate.ts'
import type { CertificateStore } from './certificate-store.ts'

/** A certificate in a file of a store. */
export interface CertificateFile extends KnownCertificate {
  readonly file: string
  readonly certificate: X509Certificate
}

/** Where a store keeps its certificates. */
type StoreFolders = Pick<
  CertificateStore,
  'ownCertFolder' | 'trustedFolder' | 'issuersCertFolder' | 'rejectedFolder' | 'rootDir'
>

/** The certificates of a store; what cannot be read is none. */
export async function certificatesIn(name: CertificateStoreName, store: StoreFolders): Promise<CertificateFile[]> {
  const places: readonly (readonly [CertificatePlace, string])[] = [
    ...(name === 'application' ? ([['own', join(store.ownCertFolder, 'certificate.pem')]] as const) : []),
    ...(await filesIn('trusted', store.trustedFolder)),
    ...(await filesIn('issuer', store.issuersCertFolder)),
    ...(await filesIn('rejected', store.rejectedFolder)),
    ...(await filesIn('revoked', join(store.rootDir, 'revoked'))),
  ]
  const found = await Promise.all(places.map(([place, file]) => read(name, place, file)))
  return found.flatMap((each) => each ?? [])
}

/** The facts of every certificate in a folder of PKI as the server keeps it, read without it. */
export async function certificatesBelow(pkiFolder: string): Promise<KnownCertificate[]> {
  const found = await Promise.all(
    certificateStores.map((name) => {
      const rootDir = join(pkiFolder, name)
      return certificatesIn(name, {
        rootDir,
        ownCertFolder: join(rootDir, 'own/certs'),
        trustedFolder: join(rootDir, 'trusted/certs'),
        issuersCertFolder: join(rootDir, 'issuers/certs'),
        rejectedFolder: join(rootDir, 'rejected'),
      })
    }),
  )
  return found.flat().map(shownOf)
}

async function filesIn(place: CertificatePlace, folder: string): Promise<[CertificatePlace, string][]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => /\.(pem|der|crt|cer)$/i.test(name)).map((name) => [place, join(folder, name)])
}

async function read(
  store: CertificateStoreName,
  place: CertificatePlace,
  file: string,
): Promise<CertificateFile | undefined> {
  const certificate = await readFile(file).then(certificateOf, () => undefined)
  if (!certificate) return undefined
  return { store, place, file, certificate, ...facts(certificate) }
}

/** The first certificate of a text or of DER; undefined: there is none. */
export function certificateOf(content: Buffer | string): X509Certificate | undefined {
  try {
    return new X509Certificate(content)
  } catch {
    return undefined
  }
}

/** The DER of PEM or of Base64; DER itself stays. */
export function derOf(content: Buffer | string): Buffer {
  if (Buffer.isBuffer(content) && content[0] === 0x30) return content
  const text = content.toString('latin1')
  const begin = /-----BEGIN [^-]{1,40}-----/.exec(text)
  const end = begin ? text.indexOf('-----END', begin.index + begin[0].length) : -1
  const body = begin && end >= 0 ? text.slice(begin.index + begin[0].length, end) : text
  return Buffer.from(body, 'base64')
}

const facts = (certificate: X509Certificate) => ({
  thumbprint: certificate.fingerprint.replaceAll(':', '').toLowerCase(),
  subject: inWords(certificate.subject),
  issuer: inWords(certificate.issuer),
  applicationUri: applicationUriOf(certificate),
  isAuthority: certificate.ca,
  validFrom: certificate.validFromDate.getTime(),
  validTo: certificate.validToDate.getTime(),
})

/** Node tells of a name line by line; of one without any, nothing. */
const inWords = (name: string | undefined): string => (name ?? '').replaceAll('\n', ', ')

/** Whoever made the certificate chose it: it ends where the next name could begin, and is no longer than a screen. */
const applicationUriOf = ({ subjectAltName = '' }: X509Certificate): string =>
  (/(?:^|, )URI:("?)([^",]*)\1/.exec(subjectAltName)?.[2] ?? '').slice(0, 200)

/** A certificate as others may see it. */
export const shownOf = ({ file: _file, certificate: _certificate, ...known }: CertificateFile): KnownCertificate =>
  known
