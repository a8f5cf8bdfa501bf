import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Name of the file in the data folder. */
export const localTokenFile = 'local.token'

/**
 * What proves that a request comes from whoever may read the data folder, such as the commands of `penstock` on the
 * same machine: a secret that is another at every start, in a file that only its owner can read.
 */
export class LocalToken {
  readonly #hash: Buffer

  constructor(dataFolder: string) {
    const token = randomBytes(32).toString('base64url')
    this.#hash = hashOf(token)
    const file = join(dataFolder, localTokenFile)
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    // Made anew, so that the mode is right whatever stood there before.
    rmSync(file, { force: true })
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
  }

  /** Whether the header `Authorization` carries it. */
  isIn(authorization: string | undefined): boolean {
    const given = /^Bearer ([\w-]{1,200})$/.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(hashOf(given), this.#hash)
  }
}

/** Of equal length whatever is given, so that comparing tells nothing. */
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()
