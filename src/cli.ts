#!/usr/bin/env node
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { backupCommands } from './cli/backup-commands.ts'
import { careCommands } from './cli/care-commands.ts'
import { clientCommands, output } from './cli/client-commands.ts'
import { configCommands } from './cli/config-commands.ts'
import { endWith } from './cli/end.ts'
import { fieldCommands } from './cli/field-commands.ts'
import { GATEWAY_URL } from './cli/folder-option.ts'
import { historyCommands } from './cli/history-commands.ts'
import { importCommands } from './cli/import-commands.ts'
import { orderCommands } from './cli/order-commands.ts'
import { securityCommands } from './cli/security-commands.ts'
import type { SessionsFlags } from './cli/sessions.ts'
import { tagCommands } from './cli/tag-commands.ts'
import { version } from './version.ts'

// Each command loads only what it needs: a gateway that starts has no use for a client's half of the OPC UA stack.
const config = () =>
  new Option('-c, --config <file>', 'the configuration').env('PENSTOCK_CONFIG').default('config/penstock.yaml')
const port = (text: string): number => {
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number <= 65_535) return number
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}
const program = new Command('penstock')
  .description('OPC UA server gateway for LoRaWAN (ChirpStack), Modbus and Siemens S7')
  .version(version)
  .showHelpAfterError()

program
  .command('run')
  .description('run the gateway until SIGTERM or Ctrl-C')
  .addOption(config())
  .option('--safe-mode', 'without sources: only pages, API and OPC UA server')
  .option('--no-safe-mode', 'with sources, also after a crash loop')
  .action(async ({ config, safeMode }: { config: string; safeMode?: boolean }) => {
    const { run } = await import('./cli/run.ts')
    await endWith(run(config, safeMode === undefined ? 'auto' : safeMode ? 'on' : 'off'))
  })

program
  .command('check-config')
  .description('say what a start would say of a configuration, and end with code 1 if it would refuse')
  .argument('<file>')
  .option('--origins', 'also print every setting, and whether it is from the file, the environment or a default')
  .option('--addresses', 'also print where the value of each Modbus tag is read, and as what')
  .option('--json', 'print JSON')
  .action(async (file: string, options: { origins?: boolean; addresses?: boolean; json?: boolean }) => {
    const { checkConfig } = await import('./cli/check-config.ts')
    await endWith(checkConfig(file, options))
  })

program
  .command('doctor')
  .description('look at everything that the gateway needs, and say what to do; changes nothing')
  .addOption(config())
  .option('--json', 'print JSON')
  .action(async ({ config, json = false }: { config: string; json?: boolean }) => {
    const { doctor } = await import('./cli/doctor.ts')
    await endWith(doctor({ config, json }, process.env, Date.now(), output))
  })

program
  .command('discover')
  .description('say what ChirpStack has, what the rules make of it and in what it differs; changes nothing')
  .addOption(
    new Option('-c, --config <file>', 'the configuration').env('PENSTOCK_CONFIG').default('config/penstock.yaml'),
  )
  .option('-s, --source <key>', 'key of the source, where there are several of ChirpStack')
  .option('-w, --watch <seconds>', 'how long to listen to the devices', Number, 5)
  .option('--json', 'print JSON')
  .action(async (options: { config: string; source?: string; watch: number; json?: boolean }) => {
    const { discover } = await import('./cli/discover.ts')
    const { config, source, watch: watchSeconds, json = false } = options
    const print = (text: string) => process.stdout.write(`${text}\n`)
    await endWith(discover({ config, source, watchSeconds, json }, process.env, print))
  })

program
  .command('demo')
  .description('run the gateway with a simulated plant')
  .option('--opcua-port <port>', 'port of the OPC UA server', port, 4840)
  .option('--web-port <port>', 'port of the HTTP server', port, 8080)
  .option('--bind <address>', 'address to listen at; anything but loopback gets a password of its own', '127.0.0.1')
  .option('--open', 'also allow connections without encryption and without a user')
  .action(async (options: { opcuaPort: number; webPort: number; bind: string; open?: boolean }) => {
    const { demo } = await import('./cli/demo.ts')
    await endWith(demo(options))
  })

historyCommands(program)

program
  .command('sessions')
  .description("who is connected to the OPC UA server of this machine's gateway; or end one of the sessions")
  .option('--close <id>', 'end this session and its subscriptions; its client may log in again')
  .option(...GATEWAY_URL)
  .addOption(config())
  .option('-d, --data <folder>', 'the data folder; otherwise that of the configuration')
  .option('--json', 'print JSON')
  .action(async (flags: SessionsFlags) => {
    const { sessions } = await import('./cli/sessions.ts')
    await endWith(Promise.resolve().then(() => sessions(flags, process.env, output)))
  })

configCommands(program)
tagCommands(program)
importCommands(program)
backupCommands(program)
careCommands(program)
fieldCommands(program)
securityCommands(program)
orderCommands(program)
clientCommands(program)
program
  .command('completion')
  .description('print a script with which a shell completes commands and options')
  .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
  .action(async (shell: string) => {
    const { completionScript } = await import('./cli/completion.ts')
    await endWith(
      Promise.resolve().then(() => {
        process.stdout.write(completionScript(shell, program))
        return 0
      }),
    )
  })
await program.parseAsync()
