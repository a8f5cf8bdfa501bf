import type { Command } from 'commander'
import { output } from './client-commands.ts'
import type { LocalFlags, LocalGateway } from './config/local-gateway.ts'
import { endWith } from './end.ts'
import { GATEWAY_URL, withFolder } from './folder-option.ts'
import type { TagImportFlags } from './tags.ts'

type Commands = typeof import('./tags.ts')

/** Tags of a gateway that runs on this machine, as a table for a spreadsheet. */
export function tagCommands(program: Command): void {
  const tags = program.command('tags').description('the tags of a running gateway as CSV, for a spreadsheet')
  const command = (name: string, description: string) =>
    withFolder(
      tags
        .command(name)
        .description(description)
        .option(...GATEWAY_URL),
    )
  command('export', 'write the tags as CSV')
    .argument('[file]', 'default: to the output')
    .option('--source <key>', 'only those of this source')
    .option('--device <key>', 'only those of this device')
    .action((file: string | undefined, flags: LocalFlags & { source?: string; device?: string }) =>
      withGateway(flags, ({ exportTags }, gateway) => exportTags(gateway, file, flags, output)),
    )
  command('import', 'add and change tags as a CSV file has them, live')
    .argument('<file>')
    .option('--replace', 'also remove the tags of the named devices that the file has not')
    .option('--preview', 'only print what it would change')
    .option('-m, --message <words>', 'why, for those who come after', '')
    .action((file: string, flags: LocalFlags & TagImportFlags) =>
      withGateway(flags, ({ importTags }, gateway) => importTags(gateway, file, flags, output)),
    )
}

function withGateway(flags: LocalFlags, run: (commands: Commands, gateway: LocalGateway) => Promise<number>) {
  const work = async () => {
    const [commands, { LocalGateway }] = await Promise.all([import('./tags.ts'), import('./config/local-gateway.ts')])
    return run(commands, new LocalGateway(flags, process.env))
  }
  return endWith(work())
}
