#!/usr/bin/env node
import { Command, Option } from 'commander'
import { checkConfig } from './cli/check-config.ts'
import { clientCommands } from './cli/client-commands.ts'
import { demo } from './cli/demo.ts'
import { endWith } from './cli/end.ts'
import { run } from './cli/run.ts'
import { version } from './main.ts'

const port = (text: string): number => Number.parseInt(text, 10)
const program = new Command('penstock')
  .description('OPC UA server gateway for LoRaWAN (ChirpStack), Modbus and Siemens S7')
  .version(version)
  .showHelpAfterError()

program
  .command('run')
  .description('run the gateway until SIGTERM or Ctrl-C')
  .addOption(
    new Option('-c, --config <file>', 'the configuration').env('PENSTOCK_CONFIG').default('config/penstock.yaml'),
  )
  .action((options: { config: string }) => endWith(run(options.config)))

program
  .command('check-config')
  .description('say what a start would say of a configuration, and end with code 1 if it would refuse')
  .argument('<file>')
  .action((file: string) => endWith(checkConfig(file)))

program
  .command('demo')
  .description('run the gateway with a simulated plant')
  .option('--opcua-port <port>', 'port of the OPC UA server', port, 4840)
  .option('--web-port <port>', 'port of the HTTP server', port, 8080)
  .option('--bind <address>', 'address to listen at; anything but loopback gets a password of its own', '127.0.0.1')
  .option('--open', 'also allow connections without encryption and without a user')
  .action((options: Parameters<typeof demo>[0]) => endWith(demo(options)))

clientCommands(program)
await program.parseAsync()
