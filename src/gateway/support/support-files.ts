import { describeError } from '../../core/errors.ts'
import type { SecretMask } from './mask.ts'
import { type TarEntry, tarGz } from './tar-file.ts'

/** What becomes a file: text as it is, anything else as JSON. */
export type SupportPart = () => unknown

const README = `What a gateway of Penstock says of itself, for whoever looks for the cause of a problem.

Passwords, API keys, private keys and hashes of passwords are not in it: the files are made without them, and what is
known to be secret is replaced by [hidden] wherever it might stand. Names of users, devices and hosts, addresses and the
audit log are in it: look through it before you give it to others.

A file that says "unavailable" could not be made; the reason stands in it.
`

/**
 * A `.tar.gz` with a file for each part, below one folder. A part that fails says so in its file: half of what was asked
 * for is worth more than nothing.
 */
export async function supportArchive(
  parts: Readonly<Record<string, SupportPart>>,
  mask: SecretMask,
  at: number,
): Promise<Buffer> {
  const folder = archiveName(at)
  const entries: TarEntry[] = [{ name: `${folder}/README.txt`, text: README }]
  for (const [name, part] of Object.entries(parts)) {
    entries.push({ name: `${folder}/${name}`, text: mask.text(await textOf(part)) })
  }
  return tarGz(entries, at)
}

/** `penstock-support-20261121T183000Z` */
export const archiveName = (at: number): string =>
  `penstock-support-${new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')}`

async function textOf(part: SupportPart): Promise<string> {
  try {
    const found = await part()
    return typeof found === 'string' ? found : `${JSON.stringify(found, plain, 2)}\n`
  } catch (error) {
    return `${JSON.stringify({ unavailable: describeError(error) }, null, 2)}\n`
  }
}

/** JSON has no integers of 64 bits, and no maps. */
const plain = (_name: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, unknown>) : value
}
