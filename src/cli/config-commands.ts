import type { Command } from 'commander'
import { output } from './client-commands.ts'
import type { LocalFlags, LocalGateway } from './config/local-gateway.ts'
import { endWith } from './end.ts'
import { GATEWAY_URL, withFolder } from './folder-option.ts'

type Commands = typeof import('./config/configuration-commands.ts')

/** The configuration of a gateway that runs on this machine: seen, changed live, and taken back. */
export function configCommands(program: Command): void {
  const config = program.command('config').description('the configuration of a running gateway: see, change, restore')
  const command = (name: string, description: string) =>
    withFolder(
      config
        .command(name)
        .description(description)
        .option(...GATEWAY_URL),
    )
  const changing = (name: string, description: string) =>
    command(name, description)
      .option('-m, --message <words>', 'why, for those who come after', '')
      .option('--json', 'print JSON')

  command('show', 'print the configuration that holds, or an older version')
    .argument('[version]')
    .action((version: string | undefined, flags: LocalFlags) =>
      withGateway(flags, ({ show }, gateway) => show(gateway, version, output)),
    )
  command('versions', 'print who changed the configuration, and when')
    .option('--json', 'one JSON object a line')
    .action((flags: LocalFlags & { json?: boolean }) =>
      withGateway(flags, ({ versions }, gateway) => versions(gateway, flags.json ?? false, output)),
    )
  command('diff', 'print in what two versions differ')
    .argument('<from>', 'number of a version')
    .argument('[to]', 'number of a version; default: the one that holds')
    .option('--json', 'print JSON')
    .action((from: string, to: string | undefined, flags: LocalFlags & { json?: boolean }) =>
      withGateway(flags, ({ diff }, gateway) => diff(gateway, from, to, output, flags.json)),
    )
  command('check', 'print what a file would change in the running gateway, or all that is wrong with it')
    .argument('<file>')
    .option('--json', 'print JSON')
    .action((file: string, flags: LocalFlags & { json?: boolean }) =>
      withGateway(flags, ({ check }, gateway) => check(gateway, file, output, flags.json)),
    )
  changing('apply', 'make a file the configuration that holds, live')
    .argument('<file>')
    .action((file: string, flags: Changing) =>
      withGateway(flags, ({ apply }, gateway) => apply(gateway, file, flags.message, output, flags.json)),
    )
  changing('set', 'give one setting another value, live')
    .argument('<path>', 'such as sources/meters/devices/boiler-1/disabled')
    .argument('<value>', 'as in the file: true, 5s, "{ key: flow, … }", or @FILE')
    .action((path: string, value: string, flags: Changing) =>
      withGateway(flags, ({ change, placeOf, writtenValue }, gateway) =>
        change(gateway, { set: placeOf(path), value: writtenValue(value) }, flags.message, output, flags.json),
      ),
    )
  changing('add', 'add a source, device, tag or the like, live')
    .argument('<path>', 'the list, such as sources/meters/devices/boiler-1/tags')
    .argument('<value>', 'as in the file: "{ key: flow, … }", or @FILE')
    .action((path: string, value: string, flags: Changing) =>
      withGateway(flags, ({ change, placeOf, writtenValue }, gateway) =>
        change(gateway, { add: placeOf(path), value: writtenValue(value) }, flags.message, output, flags.json),
      ),
    )
  changing('remove', 'take out a setting, source, device, tag or the like, live')
    .argument('<path>', 'such as sources/meters/devices/boiler-1/tags/flow')
    .action((path: string, flags: Changing) =>
      withGateway(flags, ({ change, placeOf }, gateway) =>
        change(gateway, { remove: placeOf(path) }, flags.message, output, flags.json),
      ),
    )
  changing('restore', 'make an older version hold again')
    .argument('<version>')
    .action((version: string, flags: Changing) =>
      withGateway(flags, ({ restore }, gateway) => restore(gateway, version, flags.message, output, flags.json)),
    )
}

type Changing = LocalFlags & { readonly message: string; readonly json?: boolean }

function withGateway(flags: LocalFlags, run: (commands: Commands, gateway: LocalGateway) => Promise<number>) {
  return endWith(
    (async () => {
      const [commands, { LocalGateway: Gateway }] = await Promise.all([
        import('./config/configuration-commands.ts'),
        import('./config/local-gateway.ts'),
      ])
      return run(commands, new Gateway(flags, process.env))
    })(),
  )
}
