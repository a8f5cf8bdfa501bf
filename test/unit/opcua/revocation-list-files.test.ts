import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { MOST_LIST_BYTES } from '../../../src/opcua/revocation-list.ts'
import { RevocationListFiles } from '../../../src/opcua/revocation-list-files.ts'

it('a revocation list that is too long to be one is taken away without being read into memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-lists-'))
  const refusedFolder = join(folder, 'refused')
  const lists = join(folder, 'huge.crl')
  await writeFile(lists, '')
  // A hole in a file takes no room on the disk.
  await truncate(lists, 2 * MOST_LIST_BYTES + 1)
  const files = new RevocationListFiles({ folders: [folder], refusedFolder, log: silentLogger })

  expect(await files.sift(() => Promise.resolve([]))).toBe(1)

  expect(await readdir(folder)).toEqual(['refused'])
  expect(await readdir(refusedFolder)).toEqual(['huge.crl'])
  await rm(folder, { recursive: true })
})
