import type { Command } from 'commander'
import { interrupted, output } from './client-commands.ts'
import { endWith } from './end.ts'

const URL_OPTION = ['--url <url>', 'the HTTP port of the gateway', 'http://127.0.0.1:8080'] as const

/** What finds the cause of trouble with Modbus and S7 devices, and commissions them. */
export function fieldCommands(program: Command): void {
  program
    .command('diagnose')
    .description("how a running gateway's sources and devices are, and how their requests fare")
    .argument('[source]', 'key of the source; default: all')
    .option(...URL_OPTION)
    .option('--json', 'print JSON')
    .action(async (source: string | undefined, { url, json = false }: { url: string; json?: boolean }) => {
      const { diagnose } = await import('./field/diagnose.ts')
      await endWith(diagnose(source, { url, json }, output))
    })

  program
    .command('frames')
    .description("the last frames that went over a source's connection, in hexadecimal and in words")
    .argument('<source>', 'key of the source')
    .option(...URL_OPTION)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .action(async (source: string, flags: { url: string; follow?: boolean; json?: boolean }) => {
      const { frames } = await import('./field/frames.ts')
      const { url, follow = false, json = false } = flags
      await endWith(frames(source, { url, follow, json }, output, interrupted()))
    })
}
