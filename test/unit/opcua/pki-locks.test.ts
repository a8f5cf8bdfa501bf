import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeStalePkiLocks } from '../../../src/opcua/pki-locks.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-pki-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the locks of a room that died', () => {
  it('are removed, wherever in the PKI folder they are, and nothing else', async () => {
    await mkdir(join(folder, 'application', 'mutex.lock'), { recursive: true })
    await mkdir(join(folder, 'application', 'own', 'certs', 'certificate.pem.mutex.lock'), { recursive: true })
    await writeFile(join(folder, 'application', 'own', 'certs', 'certificate.pem'), 'certificate')

    const removed = await removeStalePkiLocks(folder)

    expect(removed.toSorted()).toEqual([
      join(folder, 'application', 'mutex.lock'),
      join(folder, 'application', 'own', 'certs', 'certificate.pem.mutex.lock'),
    ])
    expect(await readdir(join(folder, 'application'))).toEqual(['own'])
    expect(await readdir(join(folder, 'application', 'own', 'certs'))).toEqual(['certificate.pem'])
  })

  it('are none before the first start', async () => {
    expect(await removeStalePkiLocks(join(folder, 'not-there'))).toEqual([])
  })
})
