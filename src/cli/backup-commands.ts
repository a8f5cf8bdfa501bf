import { type Command, InvalidArgumentError } from 'commander'
import { version } from '../version.ts'
import { output } from './client-commands.ts'
import { endWith } from './end.ts'
import { type FolderFlags, folderOf, withFolder } from './folder-option.ts'

const count = (text: string): number => {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 1) return number
  throw new InvalidArgumentError('It is a whole number from 1.')
}

/** The data folder, copied while the gateway runs, and brought back. */
export function backupCommands(program: Command): void {
  withFolder(program.command('backup'))
    .description('copy the data folder into a new folder in INTO, also while the gateway runs, and verify the copy')
    .argument('<into>', 'gets a folder penstock-<time>')
    .option('-k, --keep <count>', 'delete older backups in INTO beyond so many', count)
    .option('--json', 'print JSON')
    .action((into: string, flags: FolderFlags & { keep?: number; json?: boolean }) =>
      endWith(
        (async () => {
          const { backUp } = await import('../store/backup.ts')
          const dataFolder = await folderOf(flags)
          const made = backUp({ dataFolder, into, keep: flags.keep, now: Date.now(), program: version })
          output.line(flags.json ? JSON.stringify(made) : made.backup)
          output.notice(`${made.files} files, ${made.bytes} bytes, verified`)
          for (const name of made.removed) output.notice(`${name} is deleted, since ${flags.keep} are kept`)
          return 0
        })(),
      ),
    )
  program
    .command('verify-backup')
    .description('check a backup: every file against its hash, every database by SQLite')
    .argument('<backup>')
    .option('--json', 'print JSON')
    .action((backup: string, { json }: { json?: boolean }) =>
      endWith(
        (async () => {
          const { verify } = await import('../store/backup.ts')
          const { files, bytes, at } = verify(backup)
          const words = `${backup} of ${at} is in order: ${files} files, ${bytes} bytes`
          output.line(json ? JSON.stringify({ backup, at, files, bytes }) : words)
          return 0
        })(),
      ),
    )
  withFolder(program.command('restore'))
    .description('make the data folder what it was at a backup; the gateway must not run')
    .argument('<backup>')
    .option('--replace', 'move what the data folder holds aside')
    .option('--json', 'print JSON')
    .action((backup: string, flags: FolderFlags & { replace?: boolean; json?: boolean }) =>
      endWith(
        (async () => {
          const { restore } = await import('../store/backup.ts')
          const dataFolder = await folderOf(flags)
          const { at, movedTo } = restore({ backup, dataFolder, replace: flags.replace ?? false, now: Date.now() })
          output.line(
            flags.json ? JSON.stringify({ dataFolder, at, movedTo }) : `${dataFolder} is what it was at ${at}`,
          )
          if (movedTo !== undefined) output.notice(`What it held is in ${movedTo}`)
          return 0
        })(),
      ),
    )
}
