import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Certificates that an administrator never wants to see again, in files by their thumbprint; more are refused. */
const MOST_REVOKED = 1_000

/**
 * The gateway's own list of revoked certificates, beside the lists (CRL) of authorities: it also holds for those that
 * nobody issued, and for those whose authority does not follow.
 */
export class RevokedCertificates {
  readonly #folder: string
  #thumbprints = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const files = await readdir(this.#folder)
    this.#thumbprints = new Set(files.flatMap((file) => /^([0-9a-f]{40})\.pem$/.exec(file)?.[1] ?? []))
  }

  has(thumbprint: string): boolean {
    return this.#thumbprints.has(thumbprint)
  }

  get isFull(): boolean {
    return this.#thumbprints.size >= MOST_REVOKED
  }

  /** Every one, as its file has it. */
  async all(): Promise<{ thumbprint: string; pem: string }[]> {
    const read = async (thumbprint: string) => ({ thumbprint, pem: await readFile(this.#fileOf(thumbprint), 'utf8') })
    return Promise.all([...this.#thumbprints].map(read))
  }

  async add(thumbprint: string, pem: string): Promise<void> {
    await writeFile(this.#fileOf(thumbprint), pem)
    this.#thumbprints.add(thumbprint)
  }

  async remove(thumbprint: string): Promise<void> {
    this.#thumbprints.delete(thumbprint)
    await rm(this.#fileOf(thumbprint), { force: true })
  }

  #fileOf(thumbprint: string): string {
    return join(this.#folder, `${thumbprint}.pem`)
  }
}
