import { randomUUID, type X509Certificate } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The ApplicationUri of this gateway (OPC 10000-4 §7.2: globally unique), kept in `application-uri` of the PKI folder:
 * made at the first start, and the same from then on, whatever the gateway or its machine is called. Clients know the
 * server by it, and it is namespace 1. A certificate that is there without the file says which one it was.
 */
export async function keptApplicationUri(pkiFolder: string, certificate: X509Certificate | undefined): Promise<string> {
  const file = join(pkiFolder, 'application-uri')
  const kept = (await readIfThere(file))?.trim()
  if (kept && isUri(kept)) return kept
  const made = (certificate && applicationUriOf(certificate)) ?? `urn:penstock:gateway:${randomUUID()}`
  // Renamed when it is whole: half a URI after a power cut would be kept for ever.
  await writeFile(`${file}.new`, `${made}\n`, { flush: true })
  await rename(`${file}.new`, file)
  return made
}

/** The ApplicationUri that a certificate is for (OPC 10000-6 §6.2.2: the URI of its subjectAltName). */
export function applicationUriOf(certificate: X509Certificate): string | undefined {
  const [, uri] = /(?:^|, )URI:("(?:[^"\\]|\\.)*"|[^,]+)/.exec(certificate.subjectAltName ?? '') ?? []
  const text: unknown = uri?.startsWith('"') ? JSON.parse(uri) : uri
  return typeof text === 'string' && isUri(text) ? text : undefined
}

const isUri = (text: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(text)

const readIfThere = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
