import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const { version, license: licence } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as Readonly<Record<'version' | 'license', string>>

/** As package.json says them. */
export { licence, version }

/** When this program was built: the age of its own file. */
export const builtAt = statSync(fileURLToPath(import.meta.url)).mtime
