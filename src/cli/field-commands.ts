import { type Command, Option } from 'commander'
import { interrupted, output } from './client-commands.ts'
import { endWith } from './end.ts'
import type { CalibrateFlags } from './field/calibrate.ts'
import type { IdentifyFlags } from './field/identify.ts'
import type { ReadOnceFlags } from './field/read-once.ts'
import type { ByteOrderFlags } from './field/show-byte-order.ts'
import type { TargetFlags } from './field/target.ts'
import { GATEWAY_URL, withFolder } from './folder-option.ts'
import type { GatewayAddress, GatewayFlags } from './gateway/address.ts'

/** What finds the cause of trouble with Modbus and S7 devices, and commissions them. */
export function fieldCommands(program: Command): void {
  withFolder(program.command('diagnose'))
    .description("how a running gateway's sources and devices are, and how their requests fare")
    .argument('[source]', 'key of the source; default: all')
    .option(...GATEWAY_URL)
    .option('--json', 'print JSON')
    .action(async (source: string | undefined, { json = false, ...flags }: GatewayFlags & { json?: boolean }) => {
      const { diagnose } = await import('./field/diagnose.ts')
      await endWith(asking(flags, (gateway) => diagnose(source, { gateway, json }, output)))
    })

  withFolder(program.command('frames'))
    .description("the last frames that went over a source's connection, in hexadecimal and in words")
    .argument('<source>', 'key of the source')
    .option(...GATEWAY_URL)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .action(async (source: string, flags: GatewayFlags & { follow?: boolean; json?: boolean }) => {
      const { frames } = await import('./field/frames.ts')
      const { follow = false, json = false } = flags
      await endWith(asking(flags, (gateway) => frames(source, { gateway, follow, json }, output, interrupted())))
    })

  withTarget(program.command('test-connection'))
    .description('how far one gets towards the devices of a source: name, connection, answer, value; needs no gateway')
    .argument('[source]', 'key of a Modbus or S7 source of the configuration')
    .option('--json', 'one JSON object a line')
    .action(async (source: string | undefined, flags: TargetFlags & { json?: boolean }) => {
      const { testConnection } = await import('./field/test-connection.ts')
      await endWith(testConnection(source, flags, process.env, output))
    })

  withTarget(program.command('identify'))
    .description('what devices say of themselves: by themselves, or with --url through a gateway that runs')
    .argument(
      '[source/device]',
      'key of the source, or of the source and one of its devices; default: all of the source',
    )
    .option('--url <url>', 'the HTTP port of a gateway that runs, which asks between two of its polls')
    .option('--json', 'one JSON object a device')
    .action(async (place: string | undefined, flags: IdentifyFlags) => {
      const { identify } = await import('./field/identify.ts')
      await endWith(identify(place, flags, process.env, output))
    })

  withTarget(program.command('read-once'))
    .description('read one address of a device, once: by itself, or with --url through a gateway that runs')
    .argument('<source>', 'key of the source; with --modbus or --s7 the address stands in its place')
    .argument('[address]', 'in the notation of the configuration')
    .option('-d, --device <key>', 'the device of the source, where there are several')
    .option('--type <type>', 'OPC UA data type; default: what the address says')
    .option('--encoding <encoding>', 'how the value lies there, as in the configuration')
    .option('--byte-order <order>', "big or little; default: the device's")
    .option('--word-order <order>', "big or little; default: the device's")
    .option('--order <order>', 'both in one word: ABCD, CDAB, BADC or DCBA')
    .option('--length <characters>', 'of a String on registers')
    .option('--url <url>', 'the HTTP port of a gateway that runs, which reads between two of its polls')
    .option('--frames', 'also print what went over the connection, on standard error')
    .option('--json', 'print JSON')
    .action(async (first: string, second: string | undefined, flags: ReadOnceFlags) => {
      const { readOnce } = await import('./field/read-once.ts')
      const [key, address] = second === undefined ? [undefined, first] : [first, second]
      await endWith(readOnce(key, address, flags, process.env, output))
    })

  withTarget(program.command('byte-order'))
    .description('show registers in every byte order and encoding, to recognise the right one; needs no gateway')
    .argument('[source]', 'key of the source; with --modbus the address stands in its place')
    .argument('[address]', 'of the first register')
    .option('-d, --device <key>', 'the device of the source, where there are several')
    .option('--hex <digits>', 'these bytes instead of a device: 4, 8 or 16 hexadecimal digits')
    .option('--expect <value>', "what the device's own display shows: marks what fits")
    .option('--json', 'one JSON object a line')
    .action(async (first: string | undefined, second: string | undefined, flags: ByteOrderFlags) => {
      const { showByteOrder } = await import('./field/show-byte-order.ts')
      const [key, address] = second === undefined ? [undefined, first] : [first, second]
      await endWith(showByteOrder(key, address, flags, process.env, output))
    })

  withTarget(program.command('calibrate'))
    .description('measure what a Modbus device bears, by careful reading, and propose its settings; needs no gateway')
    .argument('[source]', 'key of the source')
    .option('-d, --device <key>', 'the device of the source, where there are several')
    .option('--range <addresses...>', 'what exists there, such as holding:0-99; default: where its tags lie')
    .option('--requests <count>', 'end after so many', '500')
    .option('--seconds <seconds>', 'end after this time', '120')
    .option('--json', 'print JSON')
    .action(async (source: string | undefined, flags: CalibrateFlags) => {
      const { calibrateDevice } = await import('./field/calibrate.ts')
      await endWith(calibrateDevice(source, flags, process.env, output, interrupted()))
    })
}

/** Does something with the gateway that is meant. */
async function asking(flags: GatewayFlags, ask: (gateway: GatewayAddress) => Promise<number>): Promise<number> {
  const { gatewayAddress } = await import('./gateway/address.ts')
  return ask(gatewayAddress(flags, process.env))
}

/** The options that say which device is meant. */
function withTarget(command: Command): Command {
  return command
    .addOption(
      new Option('-c, --config <file>', 'the configuration').env('PENSTOCK_CONFIG').default('config/penstock.yaml'),
    )
    .option('--modbus <host:port>', 'a Modbus TCP device instead of one of the configuration')
    .option('--unit <id>', 'its unit id; default 1')
    .option('--s7 <host:port>', 'an S7 CPU instead of one of the configuration')
    .option('--rack <number>', 'its rack; default 0')
    .option('--slot <number>', 'its slot; default 1')
    .option('--timeout <duration>', 'how long a request may take, such as 500ms')
}
