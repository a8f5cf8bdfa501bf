import { statfs } from 'node:fs/promises'

/** Bytes that the gateway can still write in this folder; undefined where the operating system does not say. */
export async function freeDiskSpace(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
