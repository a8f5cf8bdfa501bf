import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClientFailure, ExitCode } from './failure.ts'
import type { Output } from './options.ts'

/**
 * Trusts the certificate of a server at the first connection, says so, and from then on only that one.
 * Throws ClientFailure (refused) when the server shows another.
 */
export async function trustOnFirstUse(
  pkiFolder: string,
  endpoint: string,
  certificate: Buffer,
  out: Output,
): Promise<void> {
  const file = join(pkiFolder, 'known-servers.json')
  const fingerprint = createHash('sha256').update(certificate).digest('hex')
  const known = await readKnown(file)
  const expected = known[endpoint]
  if (expected === fingerprint) return
  if (expected !== undefined) {
    throw new ClientFailure(
      ExitCode.refused,
      `The server at ${endpoint} shows another certificate than before: it was replaced, or somebody else answers. ` +
        `If it was replaced, remove the line of this endpoint from ${file} and try again.`,
    )
  }
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify({ ...known, [endpoint]: fingerprint }, null, 2)}\n`)
  out.notice(`Trusting the certificate of ${endpoint} from now on (SHA-256 ${fingerprint}), remembered in ${file}`)
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
