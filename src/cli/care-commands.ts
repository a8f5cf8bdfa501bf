import type { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { output } from './client-commands.ts'
import type { LocalFlags } from './config/local-gateway.ts'
import { endWith } from './end.ts'
import { GATEWAY_URL, withFolder } from './folder-option.ts'
import type { SafeModeFlags } from './safe-mode.ts'
import type { SupportFlags } from './support.ts'

/** What looks after a gateway: support bundle, safe mode, self-test. */
export function careCommands(program: Command): void {
  withFolder(program.command('support'))
    .description('write one .tar.gz of what helps to find the cause of a problem, without secrets; changes nothing')
    .option('-o, --out <file>', 'the file; default penstock-support-<time>.tar.gz')
    .option(...GATEWAY_URL)
    .option('--json', 'print JSON')
    .action((flags: SupportFlags) =>
      endWith(
        (async () => {
          const { support } = await import('./support.ts')
          return support(flags, process.env, Date.now(), output)
        })(),
      ),
    )
  program
    .command('self-test')
    .description('try the installed program on this machine, in a temporary folder, from a Modbus register to a client')
    .option('-f, --folder <folder>', 'gets the temporary folder, where another disk is to be tried')
    .option('--json', 'print JSON')
    .action(({ folder, json = false }: { folder?: string; json?: boolean }) =>
      endWith(
        (async () => {
          const { selfTest } = await import('./self-test.ts')
          return selfTest({ folder, json }, systemClock, output)
        })(),
      ),
    )
  withFolder(program.command('safe-mode'))
    .description('say whether the gateway of this machine runs without its sources after crashes, and why')
    .option('--leave', 'let the sources begin')
    .option(...GATEWAY_URL)
    .option('--json', 'print JSON')
    .action((flags: SafeModeFlags & LocalFlags) =>
      endWith(
        (async () => {
          const { safeMode } = await import('./safe-mode.ts')
          const { LocalGateway } = await import('./config/local-gateway.ts')
          return safeMode(new LocalGateway(flags, process.env), flags, output)
        })(),
      ),
    )
}
