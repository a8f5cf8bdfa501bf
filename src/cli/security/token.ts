import type { Config } from '../../config/schema.ts'
import { type ApiToken, longestTokenDays } from '../../core/api-token.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { type Right, rights } from '../../core/user.ts'
import type { MadeTokenAnswer } from '../../http/api/schemas/access.ts'
import { openPenstockDatabase } from '../../store/penstock-database.ts'
import { UserAccounts } from '../../store/user-accounts.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import { type AdministratorCall, type AdministratorFlags, askAdministrator } from './ask-administrator.ts'
import { type AdministeredFlags, administered, asOwner, fileOwner, isRunning } from './gateway-folder.ts'
import type { PasswordInput } from './typed-password.ts'

const PATH = '/api/v1/tokens'

export type TokenFlags = AdministratorFlags & AdministeredFlags & { readonly json?: boolean | undefined }

/** What `penstock token` was asked to do. */
export type TokenTask =
  | { readonly action: 'add'; readonly name: string; readonly rights: readonly string[]; readonly days: number }
  | { readonly action: 'list'; readonly all: boolean }
  | { readonly action: 'revoke'; readonly id: string }

type Made = ApiToken & { readonly token: string }
type Accounts = Pick<UserAccounts, 'tokens' | 'directory'>

/**
 * `penstock token …`: makes, lists and revokes the tokens of a user; through the gateway while it runs, as that user, and
 * else in the data folder, which takes the right to write it. Throws ClientFailure (usage, refused, unreachable),
 * ConfigurationRefused.
 */
export async function token(task: TokenTask, flags: TokenFlags, input: PasswordInput, out: Output): Promise<number> {
  const config = administered(flags, input.env)
  const ask = isRunning(config) ? asGateway(config, flags, input) : inFolder(config, flags, input)
  if (task.action === 'revoke') {
    await ask.revoke(task.id)
    out.line(flags.json ? JSON.stringify({ revoked: task.id }) : `The token ${task.id} is revoked.`)
  } else if (task.action === 'list') {
    print(await ask.list(task.all), flags.json ?? false, out)
  } else {
    const made = await ask.add({ name: task.name, rights: rightsNamed(task.rights), days: daysOf(task.days) })
    out.line(flags.json ? JSON.stringify(made) : made.token)
    if (!flags.json) {
      const until = new Date(made.expiresAt).toISOString().slice(0, 10)
      out.notice(`The token of ${made.user} is valid until ${until} and is shown this once: keep it as a password.`)
    }
  }
  return ExitCode.ok
}

interface Request {
  readonly name: string
  readonly rights: readonly Right[]
  readonly days: number
}

interface Way {
  add(request: Request): Promise<Made>
  list(all: boolean): Promise<readonly ApiToken[]>
  revoke(id: string): Promise<void>
}

function asGateway(config: Config, flags: TokenFlags, input: PasswordInput): Way {
  const ask = <Answer>(path: string, method: AdministratorCall['method'], body?: object) =>
    askAdministrator<Answer>(config, [{ path, method, ...(body ? { body } : {}) }], flags, input)
  return {
    add: (request) => ask<MadeTokenAnswer>(PATH, 'POST', request),
    list: async (all) => (await ask<{ tokens: ApiToken[] }>(`${PATH}?all=${all}`, 'GET')).tokens,
    revoke: (id) => ask<void>(`${PATH}/${encodeURIComponent(id)}`, 'DELETE'),
  }
}

function inFolder(config: Config, flags: TokenFlags, input: PasswordInput): Way {
  const user = flags.as ?? input.env.PENSTOCK_USER
  const use = <Result>(action: (accounts: Accounts) => Result) => asOwner(config, () => withAccounts(config, action))
  const named = (): string => {
    if (user !== undefined) return user
    throw new ClientFailure(ExitCode.usage, 'Name the user whose token it is with --as or PENSTOCK_USER')
  }
  return {
    add: (request) =>
      use(({ tokens }) => {
        const answer = tokens.make({ ...request, user: named() }, fileOwner())
        if ('refused' in answer) throw new ClientFailure(ExitCode.refused, answer.refused)
        return { ...answer.made, token: answer.token }
      }),
    list: (all) => use(({ tokens }) => tokens.list(all ? undefined : named())),
    revoke: (id) =>
      use(({ tokens }) => {
        if (!tokens.revoke(id, fileOwner())) throw new ClientFailure(ExitCode.refused, `There is no token ${id}.`)
      }),
  }
}

function withAccounts<Result>(config: Config, action: (accounts: Accounts) => Result): Result {
  const database = openPenstockDatabase(config.gateway.data)
  try {
    // Their passwords do not matter here, only that these users exist.
    const configured = config.opcua.users.map(({ name, role }) => ({ name, role, password: '' }))
    const onChange = () => undefined
    return action(new UserAccounts({ database, configured, clock: systemClock, log: silentLogger, onChange }))
  } finally {
    database.close()
  }
}

function rightsNamed(given: readonly string[]): Right[] {
  const words = given.flatMap((each) => each.split(',')).map((each) => each.trim())
  const known = words.map((word) => rights.find((each) => each.toLowerCase() === word.toLowerCase()))
  const unknown = words.filter((_word, position) => known[position] === undefined)
  if (unknown.length === 0) return [...new Set(known.flatMap((right) => right ?? []))]
  throw new ClientFailure(ExitCode.usage, `There is no right ${unknown.join(', ')}; there are ${rights.join(', ')}`)
}

function daysOf(days: number): number {
  if (Number.isSafeInteger(days) && days >= 1 && days <= longestTokenDays) return days
  throw new ClientFailure(ExitCode.usage, `--days is a whole number from 1 to ${longestTokenDays}`)
}

function print(tokens: readonly ApiToken[], json: boolean, out: Output): void {
  if (json) {
    out.line(JSON.stringify(tokens))
    return
  }
  if (tokens.length === 0) {
    out.line('There are no tokens.')
    return
  }
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  const rows = tokens.map(({ id, name, user, rights: may, expiresAt, lastUsedAt }) => [
    id,
    user,
    name,
    may.join(', '),
    expiresAt <= systemClock.now() ? `expired ${day(expiresAt)}` : `until ${day(expiresAt)}`,
    lastUsedAt === null ? 'never used' : `used ${new Date(lastUsedAt).toISOString().slice(0, 13)}h`,
  ])
  for (const line of table(rows)) out.line(line)
}
