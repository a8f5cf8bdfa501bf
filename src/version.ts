import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** As package.json says it. */
export const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

/** When this program was built: the age of its own file. */
export const builtAt = statSync(fileURLToPath(import.meta.url)).mtime
