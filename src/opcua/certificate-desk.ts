import { rm } from 'node:fs/promises'
import {
  type CertificateAnswer,
  type CertificateChange,
  type CertificateName,
  type CertificateStoreName,
  certificateStores,
  type KnownCertificate,
  type KnownRevocationList,
} from '../core/certificate.ts'
import { type CertificateFile, certificateOf, certificatesIn, derOf, shownOf } from './certificate-files.ts'
import type { CertificateStore } from './certificate-store.ts'
import { isAuthorityOf, isListOf, MOST_LIST_BYTES, readRevocationList } from './revocation-list.ts'
import { listsIn } from './revocation-list-files.ts'

/** Where an administrator decides about certificates: of a server that runs, or in its folder while it does not. */
export class CertificateDesk {
  readonly #stores: Readonly<Record<CertificateStoreName, CertificateStore>>

  constructor(stores: Readonly<Record<CertificateStoreName, CertificateStore>>) {
    this.#stores = stores
  }

  async list(): Promise<KnownCertificate[]> {
    const files = await Promise.all(certificateStores.map((name) => certificatesIn(name, this.#stores[name])))
    return files.flat().map(shownOf)
  }

  /** As PEM; null: there is none of this thumbprint. */
  async textOf({ store, thumbprint }: CertificateName): Promise<string | null> {
    const files = await certificatesIn(store, this.#stores[store])
    return files.find((each) => each.thumbprint === thumbprint.toLowerCase())?.certificate.toString() ?? null
  }

  /** The revocation lists that count, each with the authority that has signed it. */
  async lists(): Promise<KnownRevocationList[]> {
    return (await Promise.all(certificateStores.map((name) => listsIn(name, this.#stores[name])))).flat()
  }

  /** Makes the change, which holds for the next certificate that is looked at; or answers why not, in words. */
  async change(change: CertificateChange): Promise<CertificateAnswer> {
    const store = this.#stores[change.store]
    const refused = await this.#make(change, store)
    return refused === undefined ? { certificates: await this.list() } : { refused }
  }

  async #make(change: CertificateChange, store: CertificateStore): Promise<string | undefined> {
    if (change.action === 'crl') return addList(store, change.list)
    if (change.action === 'add') {
      const certificate = certificateOf(derOf(change.certificate))
      if (!certificate) return 'This is no certificate: give it as PEM, or as Base64 of DER.'
      if (store.revoked.has(certificate.fingerprint.replaceAll(':', '').toLowerCase())) {
        return 'This certificate is revoked; trust it by its thumbprint, if that is meant.'
      }
      return trust(store, certificate.raw, certificate.ca)
    }
    const files = (await certificatesIn(change.store, store)).filter(({ place }) => place !== 'own')
    const found = files.filter(({ thumbprint }) => thumbprint === change.thumbprint.toLowerCase())
    const [first] = found
    if (!first) return `There is no certificate with the thumbprint ${change.thumbprint} in ${change.store}.`
    if (change.action === 'trust') {
      await store.revoked.remove(first.thumbprint)
      return trust(store, first.certificate.raw, first.certificate.ca, found)
    }
    if (change.action === 'revoke' && store.revoked.isFull) {
      return 'Too many certificates are revoked; trust or delete some of them first.'
    }
    // Revoked before the trust goes, so that it is never one of those that are merely not known.
    if (change.action === 'revoke') await store.revoked.add(first.thumbprint, first.certificate.toString())
    await store.removeTrustedCertificate(first.thumbprint)
    await store.removeIssuer(first.thumbprint)
    for (const { place, file } of found) if (place === 'trusted' || place === 'issuer') await rm(file, { force: true })
    if (change.action === 'reject') await store.rejectCertificate(first.certificate.raw)
    return undefined
  }
}

async function trust(
  store: CertificateStore,
  der: Buffer,
  isAuthority: boolean,
  files: readonly CertificateFile[] = [],
): Promise<undefined> {
  if (isAuthority) await store.addIssuer(der, false, false)
  await store.trustCertificate(der)
  if (isAuthority) await store.siftLists()
  for (const { place, file } of files) if (place === 'rejected') await rm(file, { force: true })
  return undefined
}

/** A list is one authority's word about its own certificates: the authority is known here, and has signed it. */
async function addList(store: CertificateStore, given: string): Promise<string | undefined> {
  if (given.length > 2 * MOST_LIST_BYTES) return `A revocation list may take ${MOST_LIST_BYTES} bytes at most.`
  const der = derOf(given)
  const list = readRevocationList(der)
  if (!list) return 'This is no revocation list: give it as PEM (X509 CRL), or as Base64 of DER.'
  const named = (await store.authorities()).filter((authority) => isAuthorityOf(list, authority))
  if (named.length === 0) return 'The authority of this list is not trusted here: add its certificate first.'
  if (!named.some((authority) => isListOf(list, authority))) {
    return 'This list is not signed by the authority that it names, with SHA-256 or better: it may be forged.'
  }
  const status = await store.addRevocationList(der).catch((error: unknown) => String(error))
  return String(status) === 'Good' ? undefined : `The list could not be kept: ${String(status)}`
}
