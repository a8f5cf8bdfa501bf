import { readFileSync, statSync } from 'node:fs'
import { OpenSecretError } from '../config/secrets.ts'

/** Where container runtimes put secrets, with modes of their own choice and nobody else on the machine. */
const ofContainers = /^\/(?:var\/)?run\/secrets\//
const READABLE_BY_ALL = 0o004

/** The text of a file that holds a secret. Throws OpenSecretError where everybody can read it, or as `readFileSync` does. */
export function readSecretFile(path: string): string {
  if (!ofContainers.test(path) && (statSync(path).mode & READABLE_BY_ALL) !== 0) throw new OpenSecretError()
  return readFileSync(path, 'utf8')
}
