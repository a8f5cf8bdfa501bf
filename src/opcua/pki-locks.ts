import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Removes the locks that a room which died left in its PKI folder; a new one would wait two minutes for them. Only
 * while no room that uses the folder runs. Answers the paths removed; a folder that is not there has none.
 */
export async function removeStalePkiLocks(pkiFolder: string): Promise<readonly string[]> {
  const entries = await readdir(pkiFolder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const locks = entries.filter(({ name }) => name === 'mutex.lock' || name.endsWith('.mutex.lock'))
  const paths = locks.map(({ parentPath, name }) => join(parentPath, name))
  for (const path of paths) await rm(path, { recursive: true, force: true })
  return paths
}
