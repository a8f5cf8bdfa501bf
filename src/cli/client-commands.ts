import type { Command } from 'commander'
import { type ClientFlags, type ClientOptions, clientOptions, defaultEndpoint, type Output } from './client/options.ts'
import { endWith } from './end.ts'
import { printable } from './printable.ts'

/** Results on standard output, remarks on standard error. */
export const output: Output = {
  line: (text) => process.stdout.write(`${printable(text)}\n`),
  notice: (text) => process.stderr.write(`${printable(text)}\n`),
}

/** `browse`, `read` and `watch`: a small OPC UA client for a first look without a SCADA system. */
export function clientCommands(program: Command): void {
  // `penstock watch | head` closes the pipe when it has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

  command(program, 'browse', 'print the tree of devices and tags').action((flags: ClientFlags) =>
    asClient(flags, async ({ browse }, options) => browse(options, output)),
  )
  command(program, 'read', 'print values once')
    .argument('<ids...>', 'device/tag, or a NodeId')
    .action((ids: string[], flags: ClientFlags) =>
      asClient(flags, async ({ read }, options) => read(ids, options, output)),
    )
  command(program, 'watch', 'print values as they change, until Ctrl-C')
    .argument('[ids...]', 'device/tag, a device, or a NodeId; default: everything')
    .action((ids: string[], flags: ClientFlags) =>
      asClient(flags, async ({ watch }, options) => watch(ids, options, output, interrupted())),
    )
}

function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-e, --endpoint <url>', 'the server', defaultEndpoint)
    .option('-u, --user <name>', 'the user; else PENSTOCK_USER')
    .option('-p, --password <password>', 'the password; else PENSTOCK_PASSWORD')
    .option('--mode <mode>', 'Sign, SignAndEncrypt (default) or None')
    .option('--policy <policy>', 'Basic256Sha256 (default), Aes128_Sha256_RsaOaep, Aes256_Sha256_RsaPss or None')
    .option('--pki <folder>', "the client's own certificates; default ~/.penstock/client")
    .option('--json', 'one JSON object a line')
}

const commands = async () => ({
  ...(await import('./client/browse.ts')),
  ...(await import('./client/read.ts')),
  ...(await import('./client/watch.ts')),
})

/** Runs `action` with the client's half of the OPC UA stack, loaded only now, and ends with its exit code. */
function asClient(
  flags: ClientFlags,
  action: (client: Awaited<ReturnType<typeof commands>>, options: ClientOptions) => Promise<number>,
): Promise<void> {
  const run = async () => action(await commands(), clientOptions(flags, process.env))
  return endWith(run())
}

/** Aborts at Ctrl-C and SIGTERM. */
export function interrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
