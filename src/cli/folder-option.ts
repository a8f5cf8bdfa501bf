import { type Command, Option } from 'commander'

/** What a command is told of the data folder. */
export interface FolderFlags {
  readonly config: string
  readonly data?: string
}

/** The configuration that names the data folder. */
export const folderConfig = (): Option =>
  new Option('-c, --config <file>', 'names the data folder').env('PENSTOCK_CONFIG').default('config/penstock.yaml')

/** The HTTP port of the gateway that is asked. */
export const GATEWAY_URL = ['--url <url>', 'the HTTP port of the gateway; else on this machine, as configured'] as const

/** Gives the command `--config` and `--data`. */
export const withFolder = (command: Command): Command =>
  command
    .addOption(folderConfig())
    .option('-d, --data <folder>', 'the data folder; otherwise that of the configuration')

/** The data folder that is meant; throws ConfigurationRefused where the configuration does not say it. */
export async function folderOf({ config, data }: FolderFlags): Promise<string> {
  if (data !== undefined) return data
  const { dataFolderOf } = await import('./data-folder.ts')
  return dataFolderOf(config, process.env)
}
