import { systemClock } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { Output } from './client/options.ts'
import { LocalGateway } from './config/local-gateway.ts'
import type { Environment } from './configuration.ts'
import { type FolderFlags, folderOf } from './folder-option.ts'
import { type ImportReport, importHistory, importThrough } from './history-transfer.ts'

/** Imports into a data folder: by itself, or through the gateway that has it. Throws as both do. */
export async function importInto(
  file: string,
  flags: FolderFlags & { readonly url?: string | undefined },
  env: Environment,
  out: Output,
): Promise<ImportReport> {
  const data = await folderOf(flags)
  try {
    return await importHistory(file, data, systemClock, out)
  } catch (error) {
    if (!(error instanceof PenstockError && error.code === 'DATA_FOLDER_LOCKED')) throw error
  }
  return importThrough(new LocalGateway(flags, env), file, systemClock, out)
}
