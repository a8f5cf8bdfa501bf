import { statfs } from 'node:fs/promises'
import { describeError } from '../core/errors.ts'

/** Below this there is a worry, early enough for somebody to do something about it. */
const SCARCE_BYTES = 1_000_000_000

/** The disk of the data folder. */
export interface DiskHealth {
  /** What this user can still write there, and how large the disk is; null: the system does not say. */
  readonly freeBytes: number | null
  readonly sizeBytes: number | null
  /** Why that is a worry, and what to do; empty when it is none. */
  readonly reason: string
}

/** Never rejects. */
export async function freeSpaceOf(folder: string): Promise<DiskHealth> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return diskHealth(folder, { freeBytes: bavail * bsize, sizeBytes: blocks * bsize })
  } catch (error) {
    const reason = `The free space of the data folder ${folder} is not known: ${describeError(error)}`
    return { freeBytes: null, sizeBytes: null, reason }
  }
}

/** What these figures of the folder's disk mean. */
export function diskHealth(
  folder: string,
  { freeBytes, sizeBytes }: { readonly freeBytes: number; readonly sizeBytes: number },
): DiskHealth {
  const scarce =
    `Only ${Math.floor(freeBytes / 1_000_000)} MB are free on the disk of the data folder ${folder}: free some ` +
    '(1 GB at least), keep less history (history.keep), or move the folder to a larger disk.'
  return { freeBytes, sizeBytes, reason: freeBytes < SCARCE_BYTES ? scarce : '' }
}
