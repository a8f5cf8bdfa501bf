import type { Command } from 'commander'
import { interrupted, output } from './client-commands.ts'
import type { LocalFlags, LocalGateway } from './config/local-gateway.ts'
import { endWith } from './end.ts'
import { folderConfig, GATEWAY_URL } from './folder-option.ts'
import type { AuditFlags } from './orders/audit.ts'
import type { ListFlags } from './orders/list.ts'
import type { SendFlags } from './orders/send.ts'

/** What asks devices for something through a running gateway on this machine, and what became of it. */
export function orderCommands(program: Command): void {
  const command = (name: string) =>
    program
      .command(name)
      .option(...GATEWAY_URL)
      .addOption(folderConfig())
      .option(
        '--data <folder>',
        'the data folder, whose token proves that you may; otherwise that of the configuration',
      )

  command('send')
    .description('write a tag, or send a command to a device, through a gateway that runs on this machine')
    .argument('<target>', 'device/tag, or a device')
    .argument('[words...]', 'the value; or the command and its arguments, name=value')
    .option('--key <text>', 'idempotency key: with the same one it is done once, however often it is sent')
    .option('--priority <number>', 'the higher, the sooner', '0')
    .option('--expires <seconds>', 'how long it may wait to be sent')
    .option('--confirmed', 'it is meant, for commands that must be confirmed')
    .option('--no-wait', 'end when it is accepted, not when it is known what became of it')
    .option('--json', 'print JSON')
    .action(async (target: string, words: string[], flags: SendFlags & LocalFlags) => {
      const { send } = await import('./orders/send.ts')
      await endWith(asked(flags, (gateway) => send(gateway, target, words, flags, output, interrupted())))
    })

  command('commands')
    .description('the last commands of a running gateway, and how far they came')
    .argument('[id]', 'one of them, with the states it was in')
    .option('-d, --device <key>', 'only of this device')
    .option('-s, --state <state>', 'only in this state')
    .option('--limit <count>', 'how many at most', '20')
    .option('-w, --watch', 'go on with what changes, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .action(async (id: string | undefined, flags: ListFlags & LocalFlags) => {
      const { list } = await import('./orders/list.ts')
      await endWith(asked(flags, (gateway) => list(gateway, id, flags, output, interrupted())))
    })

  command('cancel')
    .description('take back a command that has not gone out')
    .argument('<id>', 'its number')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: LocalFlags & { json?: boolean }) => {
      const { cancel } = await import('./orders/cancel.ts')
      await endWith(asked(flags, (gateway) => cancel(gateway, id, output, flags.json)))
    })

  command('audit')
    .description('who did what, from where, and what came of it; the newest last')
    .option('--limit <count>', 'how many at most', '50')
    .option('--before <number>', 'only rows before this number')
    .option('--json', 'one JSON object a line')
    .action(async (flags: AuditFlags & LocalFlags) => {
      const { audit } = await import('./orders/audit.ts')
      await endWith(asked(flags, (gateway) => audit(gateway, flags, output)))
    })
}

async function asked(flags: LocalFlags, ask: (gateway: LocalGateway) => Promise<number>): Promise<number> {
  const { LocalGateway: Gateway } = await import('./config/local-gateway.ts')
  return ask(new Gateway(flags, process.env))
}
