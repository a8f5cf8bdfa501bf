import { type Command, Option } from 'commander'
import { output } from './client-commands.ts'
import { endWith } from './end.ts'
import { type FolderFlags, folderOf, GATEWAY_URL, withFolder } from './folder-option.ts'
import type { HistoryFlags } from './history.ts'
import type { ExportFormat } from './history-transfer.ts'

/** What the data folder remembers: printed, taken out and put in. */
export function historyCommands(program: Command): void {
  const history = withFolder(program.command('history'))
    .description('print the values of a tag that the data folder remembers, oldest first')
    .argument('<tag>', 'device/tag')
    .option('--from <time>', 'not before this time, in ISO 8601')
    .option('--to <time>', 'before this time')
    .option('--last <count>', 'only the newest so many; 100 where no time is given')
    .option('--json', 'one JSON object a line')
    .option('--csv', 'comma-separated values')
    .action(async (tag: string, flags: HistoryFlags) => {
      const { history } = await import('./history.ts')
      await endWith(Promise.resolve().then(() => history(tag, flags, process.env, output)))
    })
  withFolder(history.command('export'))
    .description('write values to standard output, also while the gateway runs')
    .option('-t, --tag <tags...>', 'device/tag; all unless given')
    .option('--from <time>', 'not before this time, in ISO 8601')
    .option('--to <time>', 'before this time')
    .addOption(
      new Option('--format <format>', 'CSV, or InfluxDB line protocol').choices(['csv', 'line']).default('csv'),
    )
    .action((_flags: object, command: Command) =>
      endWith(
        (async () => {
          const flags: FolderFlags & { tag?: string[]; from?: string; to?: string; format: ExportFormat } =
            command.optsWithGlobals()
          const { exportHistory } = await import('./history-transfer.ts')
          const { timeOf } = await import('./history.ts')
          const range = { from: timeOf('--from', flags.from), to: timeOf('--to', flags.to) }
          await exportHistory(await folderOf(flags), flags.tag ?? [], range, flags.format, process.stdout)
          return 0
        })(),
      ),
    )
  withFolder(history.command('import'))
    .description('take the values of a CSV file, as export writes it; where the gateway runs, through it')
    .argument('<file>')
    .option(...GATEWAY_URL)
    .action((file: string, _flags: object, command: Command) =>
      endWith(
        (async () => {
          const flags: FolderFlags & { url?: string } = command.optsWithGlobals()
          const { importInto } = await import('./history-import.ts')
          const { taken, duplicates, refused } = await importInto(file, flags, process.env, output)
          output.line(`${taken} values taken, ${duplicates} were there already, ${refused} refused`)
          return refused > 0 ? 1 : 0
        })(),
      ),
    )
}
