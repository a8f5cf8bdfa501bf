import { type Command, Option } from 'commander'
import { rights } from '../core/user.ts'
import { output } from './client-commands.ts'
import { endWith } from './end.ts'
import type { CertificateFlags, CertificateTask } from './security/certificates.ts'
import type { TokenFlags, TokenTask } from './security/token.ts'
import type { UserFlags, UserTask } from './security/user.ts'

/** Who may use the gateway, and which certificates it trusts. */
export function securityCommands(program: Command): void {
  userCommands(program)
  tokenCommands(program)
  certificateCommands(program)
}

function userCommands(program: Command): void {
  const users = program
    .command('user')
    .description('the users of the gateway: through it while it runs, else in its data folder')
  const run = async (task: UserTask, flags: UserFlags) => {
    const { user } = await import('./security/user.ts')
    await endWith(user(task, flags, { env: process.env, stdin: process.stdin, stderr: process.stderr }, output))
  }
  const command = (usage: string, description: string) => asAdministrator(users.command(usage)).description(description)

  command('list', 'print every user')
    .option('--json', 'print JSON')
    .action((flags: UserFlags) => run({ action: 'list' }, flags))
  command('add <name>', 'add a user; the password is asked for, or in PENSTOCK_NEW_PASSWORD, or on standard input')
    .requiredOption('-r, --role <role...>', 'Observer, Operator, Engineer, ConfigureAdmin, SecurityAdmin')
    .option('--no-password', 'a user without a password, who logs in by certificate')
    .action((name: string, flags: UserFlags & { role: string[]; password: boolean }) =>
      run({ action: 'add', name, roles: flags.role, withPassword: flags.password }, flags),
    )
  command('passwd <name>', 'give a user another password; its sessions end').action((name: string, flags: UserFlags) =>
    run({ action: 'passwd', name }, flags),
  )
  command('role <name> <role...>', 'give a user these roles in place of the former ones').action(
    (name: string, roles: string[], flags: UserFlags) => run({ action: 'role', name, roles }, flags),
  )
  command('certificate <name> <thumbprint>', 'let a user log in with the certificate of this thumbprint')
    .option('--take-away', 'do not let the user log in with it any more')
    .action((name: string, thumbprint: string, flags: UserFlags & { takeAway?: boolean }) =>
      run(
        {
          action: 'certificate',
          name,
          thumbprint: thumbprint.replaceAll(':', '').toLowerCase(),
          add: flags.takeAway !== true,
        },
        flags,
      ),
    )
  for (const [action, description] of [
    ['disable', 'keep a user from logging in; its sessions end'],
    ['enable', 'let a disabled user log in again'],
    ['remove', 'remove a user; its sessions end'],
  ] as const) {
    command(`${action} <name>`, description).action((name: string, flags: UserFlags) => run({ action, name }, flags))
  }
}

function tokenCommands(program: Command): void {
  const group = program
    .command('token')
    .description(
      'tokens by which programs ask over HTTP and gRPC: through the gateway while it runs, else in its folder',
    )
  const run = async (task: TokenTask, flags: TokenFlags) => {
    const { token } = await import('./security/token.ts')
    await endWith(token(task, flags, { env: process.env, stdin: process.stdin, stderr: process.stderr }, output))
  }
  const command = (usage: string, description: string) =>
    withAsker(group.command(usage), 'whose token it is, and who asks a running gateway; else PENSTOCK_USER')
      .description(description)
      .option('--json', 'print JSON')

  command('add <name>', 'make a token, which is printed this once')
    .requiredOption('-r, --right <right...>', `what it may do, of what its user may: ${rights.join(', ')}`)
    .option('--days <days>', 'how long it is valid, at most 730', '90')
    .action((name: string, flags: TokenFlags & { right: string[]; days: string }) =>
      run({ action: 'add', name, rights: flags.right, days: Number(flags.days) }, flags),
    )
  command('list', 'print the tokens of a user')
    .option('--all', 'those of every user')
    .action((flags: TokenFlags & { all?: boolean }) => run({ action: 'list', all: flags.all ?? false }, flags))
  command('revoke <id>', 'refuse a token from now on').action((id: string, flags: TokenFlags) =>
    run({ action: 'revoke', id }, flags),
  )
}

function certificateCommands(program: Command): void {
  const group = program
    .command('certificates')
    .description('the certificates that the OPC UA server trusts: through it while it runs, else in its folder')
  const run = async (task: CertificateTask, flags: CertificateFlags) => {
    const { certificates } = await import('./security/certificates.ts')
    await endWith(certificates(task, flags, { env: process.env, stdin: process.stdin, stderr: process.stderr }, output))
  }
  const command = (usage: string, description: string) =>
    asAdministrator(group.command(usage)).description(description).option('--json', 'print JSON')

  command('list', 'print every certificate').action((flags: CertificateFlags) => run({ action: 'list' }, flags))
  for (const [action, description] of [
    ['trust', 'trust a certificate that was rejected or revoked'],
    ['reject', 'do not trust a certificate any more; its connections end'],
    ['revoke', 'never accept a certificate again, whoever issued it; its connections end'],
  ] as const) {
    command(`${action} <thumbprint>`, description)
      .option('--users', 'a certificate of a user, not of a client')
      .action((thumbprint: string, flags: CertificateFlags) => run({ action, thumbprint }, flags))
  }
  for (const [action, description] of [
    ['add', 'trust the certificate in a file, or an authority and what it issued'],
    ['crl', 'take the revocation list of an authority; connections of what it revokes end'],
  ] as const) {
    command(`${action} <file>`, description)
      .option('--users', 'for certificates of users, not of clients')
      .action((file: string, flags: CertificateFlags) => run({ action, file }, flags))
  }
}

const asAdministrator = (command: Command): Command =>
  withAsker(command, 'who asks a running gateway; else PENSTOCK_USER')

function withAsker(command: Command, who: string): Command {
  return command
    .addOption(
      new Option('-c, --config <file>', 'the configuration').env('PENSTOCK_CONFIG').default('config/penstock.yaml'),
    )
    .option('-d, --data <folder>', 'the data folder; otherwise that of the configuration')
    .addOption(new Option('--as <user>', who))
    .option('--url <url>', 'the HTTP port of a running gateway; else on this machine, as configured')
}
