import { createHash, X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClientFailure, ExitCode } from './failure.ts'
import type { Output } from './options.ts'

/**
 * Trusts the public key of a server at the first connection, says so, and from then on only that one. The key and not
 * the certificate: a server renews its certificate with the same key when it gets another name, and only who has the
 * private key can open a signed channel with it (OPC 10000-6 §6.7.4). Call it for signed channels only.
 * Throws ClientFailure (refused) when the server shows another key.
 */
export async function trustOnFirstUse(
  pkiFolder: string,
  endpoint: string,
  certificate: Buffer,
  out: Output,
): Promise<void> {
  const file = join(pkiFolder, 'known-servers.json')
  const fingerprint = publicKeyFingerprint(certificate)
  const known = await readKnown(file)
  const expected = known[endpoint]
  if (expected === fingerprint) return
  if (expected !== undefined) {
    throw new ClientFailure(
      ExitCode.refused,
      `The server at ${endpoint} has another key than before: it was installed anew, or somebody else answers. ` +
        `If it was installed anew, remove the line of this endpoint from ${file} and try again.`,
    )
  }
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify({ ...known, [endpoint]: fingerprint }, null, 2)}\n`)
  out.notice(`Trusting the key of ${endpoint} from now on (SHA-256 ${fingerprint}), remembered in ${file}`)
}

/** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal. */
function publicKeyFingerprint(certificate: Buffer): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('hex')
}

async function readKnown(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}'
    throw error
  })
  try {
    return JSON.parse(text) as Record<string, string>
  } catch (error) {
    throw new ClientFailure(ExitCode.refused, `${file} is not valid JSON: mend it or remove it`, { cause: error })
  }
}
