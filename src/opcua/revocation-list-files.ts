import type { X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CertificateStoreName, KnownRevocationList } from '../core/certificate.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { derOf } from './certificate-files.ts'
import type { CertificateStore } from './certificate-store.ts'
import { isAuthorityOf, isListOf, MOST_LIST_BYTES, readRevocationList } from './revocation-list.ts'

export interface RevocationListFilesOptions {
  /** Folders of which node-opcua believes every list, whoever signed it. */
  readonly folders: readonly string[]
  /** Where a list goes that is not believed. */
  readonly refusedFolder: string
  readonly log: Logger
}

/** The revocation lists that an operator has put into the folders of a store: only those of its authorities count. */
export class RevocationListFiles {
  readonly #options: RevocationListFilesOptions

  constructor(options: RevocationListFilesOptions) {
    this.#options = options
  }

  /**
   * Takes every list out of the folders that its authority, one of these, has not signed, and says so. A list of an
   * authority that is not known stays: it says nothing until the authority is. Answers how many went. Never rejects.
   */
  async sift(authorities: () => Promise<readonly X509Certificate[]>): Promise<number> {
    const { folders } = this.#options
    const found = folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => [])
      return names.map((name) => join(folder, name))
    })
    const files = (await Promise.all(found)).flat()
    if (files.length === 0) return 0
    const known = await authorities()
    let taken = 0
    for (const file of files) if (await this.#takes(file, known)) taken++
    return taken
  }

  async #takes(file: string, authorities: readonly X509Certificate[]): Promise<boolean> {
    const { refusedFolder, log } = this.#options
    try {
      const reason = await whyNot(file, authorities)
      if (reason === undefined) return false
      await mkdir(refusedFolder, { recursive: true, mode: 0o700 })
      const refused = join(refusedFolder, basename(file))
      await rename(file, refused)
      log.error({ file, reason, movedTo: refused }, 'A CERTIFICATE REVOCATION LIST IS NOT BELIEVED and was taken away')
      return true
    } catch (error) {
      log.error({ file, cause: describeError(error) }, 'A certificate revocation list could not be looked at')
      return false
    }
  }
}

/** The lists in a store that one of its authorities has signed. */
export async function listsIn(
  name: CertificateStoreName,
  store: Pick<CertificateStore, 'rootDir' | 'authorities'>,
): Promise<KnownRevocationList[]> {
  const authorities = await store.authorities()
  const folders = ['issuers/crl', 'trusted/crl'].map((folder) => join(store.rootDir, folder))
  const found = await Promise.all(
    folders.map(async (folder) => {
      const files = await readdir(folder).catch(() => [])
      return Promise.all(files.map((file) => listOf(name, join(folder, file), authorities)))
    }),
  )
  return found.flat(2)
}

/** Nothing for what cannot be read, and for what nobody known here has signed. */
async function listOf(
  store: CertificateStoreName,
  file: string,
  authorities: readonly X509Certificate[],
): Promise<KnownRevocationList[]> {
  const facts = await stat(file).catch(() => undefined)
  if (!facts || facts.size > 2 * MOST_LIST_BYTES) return []
  const list = readRevocationList(derOf(await readFile(file)))
  const authority = list && authorities.find((each) => isListOf(list, each))
  if (!authority) return []
  const thumbprint = authority.fingerprint.replaceAll(':', '').toLowerCase()
  return [{ store, authority: authority.subject.replaceAll('\n', ', '), thumbprint, since: facts.mtimeMs }]
}

/** Why the list in the file is not to be believed; undefined: it is, or it says nothing. */
async function whyNot(file: string, authorities: readonly X509Certificate[]): Promise<string | undefined> {
  const { size } = await stat(file)
  if (size > 2 * MOST_LIST_BYTES) return `it takes ${size} bytes`
  const list = readRevocationList(derOf(await readFile(file)))
  if (!list) return 'it is no revocation list'
  const named = authorities.filter((authority) => isAuthorityOf(list, authority))
  if (named.length === 0 || named.some((authority) => isListOf(list, authority))) return undefined
  return 'it is not signed by the authority that it names'
}
