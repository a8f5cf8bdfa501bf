import type { Command } from 'commander'
import { browse } from './client/browse.ts'
import { type ClientFlags, type ClientOptions, clientOptions, defaultEndpoint, type Output } from './client/options.ts'
import { read } from './client/read.ts'
import { watch } from './client/watch.ts'
import { endWith } from './end.ts'

const output: Output = {
  line: (text) => process.stdout.write(`${text}\n`),
  notice: (text) => process.stderr.write(`${text}\n`),
}

/** `browse`, `read` and `watch`: a small OPC UA client for a first look without a SCADA system. */
export function clientCommands(program: Command): void {
  // `penstock watch | head` closes the pipe when it has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .option('-e, --endpoint <url>', 'the server', defaultEndpoint)
      .option('-u, --user <name>', 'the user; else PENSTOCK_USER')
      .option('-p, --password <password>', 'the password; else PENSTOCK_PASSWORD')
      .option('--mode <mode>', 'Sign, SignAndEncrypt (default) or None')
      .option('--policy <policy>', 'Basic256Sha256 (default), Aes128_Sha256_RsaOaep, Aes256_Sha256_RsaPss or None')
      .option('--pki <folder>', "the client's own certificates; default ~/.penstock/client")
      .option('--json', 'one JSON object a line')

  command('browse', 'print the tree of devices and tags').action((flags: ClientFlags) =>
    endWith(withOptions(flags, (options) => browse(options, output))),
  )
  command('read', 'print values once')
    .argument('<ids...>', 'device/tag, or a NodeId')
    .action((ids: string[], flags: ClientFlags) => endWith(withOptions(flags, (options) => read(ids, options, output))))
  command('watch', 'print values as they change, until Ctrl-C')
    .argument('[ids...]', 'device/tag, a device, or a NodeId; default: everything')
    .action((ids: string[], flags: ClientFlags) =>
      endWith(withOptions(flags, (options) => watch(ids, options, output, interrupted()))),
    )
}

async function withOptions(flags: ClientFlags, action: (options: ClientOptions) => Promise<number>): Promise<number> {
  return action(clientOptions(flags, process.env))
}

function interrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
