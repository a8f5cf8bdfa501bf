import type { Config } from '../../config/schema.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { passwordProblem } from '../../core/password-rule.ts'
import { can, type ListedUser, type UserRole, userRoles } from '../../core/user.ts'
import { changeOf, type UserRequest } from '../../core/user-request.ts'
import { openPenstockDatabase } from '../../store/penstock-database.ts'
import { UserAccounts } from '../../store/user-accounts.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import { type AdministratorCall, type AdministratorFlags, askAdministrator } from './ask-administrator.ts'
import { type AdministeredFlags, administered, asOwner, fileOwner, isRunning } from './gateway-folder.ts'
import { askPassword, type PasswordInput } from './typed-password.ts'

const LIST = { method: 'GET', path: '/users' } as const
const NEW_PASSWORD = 'PENSTOCK_NEW_PASSWORD'

export type UserFlags = AdministratorFlags & AdministeredFlags & { readonly json?: boolean | undefined }

/** What `penstock user` was asked to do; a password is asked for only when it is needed. */
export type UserTask =
  | { readonly action: 'list' }
  | { readonly action: 'add'; readonly name: string; readonly roles: readonly string[]; readonly withPassword: boolean }
  | { readonly action: 'passwd'; readonly name: string }
  | { readonly action: 'role'; readonly name: string; readonly roles: readonly string[] }
  | { readonly action: 'disable' | 'enable' | 'remove'; readonly name: string }
  | { readonly action: 'certificate'; readonly name: string; readonly thumbprint: string; readonly add: boolean }

/**
 * `penstock user …`: changes and lists the users in the data folder; through the gateway while it runs, where it takes
 * an administrator, and else in the file, which takes the right to write it. Throws ClientFailure (usage, refused,
 * unreachable), ConfigurationRefused.
 */
export async function user(task: UserTask, flags: UserFlags, input: PasswordInput, out: Output): Promise<number> {
  const config = administered(flags, input.env)
  const request = task.action === 'list' ? undefined : await requestOf(task, input)
  const users = isRunning(config)
    ? (await askAdministrator<{ users: ListedUser[] }>(config, callsOf(request), flags, input)).users
    : await asOwner(config, () => inFile(config, request))
  if (task.action === 'list') print(users, flags.json ?? false, out)
  else out.line(said(task, users))
  if (task.action !== 'list' && !users.some(({ roles, disabled }) => can(roles, 'administerSecurity') && !disabled)) {
    out.notice('No user may administer security yet; give one the role SecurityAdmin.')
  }
  return ExitCode.ok
}

async function requestOf(task: Exclude<UserTask, { action: 'list' }>, input: PasswordInput): Promise<UserRequest> {
  const { name } = task
  switch (task.action) {
    case 'add': {
      const roles = rolesOf(task.roles)
      return { action: 'add', name, roles, password: task.withPassword ? await newPassword(name, input) : null }
    }
    case 'passwd':
      return { action: 'password', name, password: await newPassword(name, input) }
    case 'role':
      return { action: 'roles', name, roles: rolesOf(task.roles) }
    case 'certificate':
      return task
    default:
      return { action: task.action, name }
  }
}

/** The change as the gateway's API takes it, and then all users. */
const callsOf = (request: UserRequest | undefined): [...AdministratorCall[], AdministratorCall] =>
  request ? [callOf(request), LIST] : [LIST]

function callOf(request: UserRequest): AdministratorCall {
  const path = `/users/${encodeURIComponent(request.name)}`
  switch (request.action) {
    case 'add': {
      const { name, roles, password } = request
      return { method: 'POST', path: '/users', body: { name, roles, password } }
    }
    case 'password':
      return { method: 'PUT', path: `${path}/password`, body: { password: request.password } }
    case 'roles':
      return { method: 'PUT', path: `${path}/roles`, body: { roles: request.roles } }
    case 'certificate': {
      const { add, thumbprint } = request
      return { method: add ? 'PUT' : 'DELETE', path: `${path}/certificates/${encodeURIComponent(thumbprint)}` }
    }
    case 'remove':
      return { method: 'DELETE', path }
    default:
      return { method: 'PUT', path: `${path}/disabled`, body: { disabled: request.action === 'disable' } }
  }
}

async function newPassword(name: string, input: PasswordInput): Promise<string> {
  const password = await askPassword({ variable: NEW_PASSWORD, prompt: `New password of ${name}`, isNew: true }, input)
  const wrong = passwordProblem(name, password)
  if (wrong !== undefined) throw new ClientFailure(ExitCode.usage, wrong)
  return password
}

function rolesOf(given: readonly string[]): UserRole[] {
  const roles = given.flatMap((each) => each.split(',')).map((each) => each.trim())
  const known = roles.map((role) => userRoles.find((each) => each.toLowerCase() === role.toLowerCase()))
  const unknown = roles.filter((_role, position) => known[position] === undefined)
  if (unknown.length === 0 && roles.length > 0) return [...new Set(known.flatMap((role) => role ?? []))]
  throw new ClientFailure(ExitCode.usage, `There is no role ${unknown.join(', ')}; there are ${userRoles.join(', ')}`)
}

async function inFile(config: Config, request: UserRequest | undefined): Promise<ListedUser[]> {
  const database = openPenstockDatabase(config.gateway.data)
  try {
    // Their passwords do not matter here, only that these users exist.
    const configured = config.opcua.users.map(({ name, role }) => ({ name, role, password: '' }))
    const accounts = new UserAccounts({
      database,
      configured,
      clock: systemClock,
      log: silentLogger,
      onChange: () => undefined,
    })
    if (request) {
      const change = await changeOf(request)
      const answer = 'refused' in change ? change : accounts.change(change, fileOwner())
      if ('refused' in answer) throw new ClientFailure(ExitCode.refused, answer.refused)
    }
    return accounts.list()
  } finally {
    database.close()
  }
}

function said(task: Exclude<UserTask, { action: 'list' }>, users: readonly ListedUser[]): string {
  const found = users.find(({ name }) => name === task.name)
  if (!found) return `User ${task.name} is removed.`
  const state = found.disabled ? ', disabled' : ''
  const certificates = found.certificates.length > 0 ? `, ${found.certificates.length} certificates` : ''
  return `User ${found.name}: ${found.roles.join(', ')}${certificates}${state}.`
}

function print(users: readonly ListedUser[], json: boolean, out: Output): void {
  if (json) {
    out.line(JSON.stringify(users))
    return
  }
  if (users.length === 0) {
    out.line('There are no users.')
    return
  }
  const rows = users.map((each) => [
    each.name,
    each.roles.join(', '),
    each.disabled ? 'disabled' : each.hasPassword ? 'password' : each.certificates.length > 0 ? '' : 'cannot log in',
    each.certificates.length > 0 ? `certificate ${each.certificates.join(', ')}` : '',
    each.origin === 'environment' ? 'configuration' : `changed ${new Date(each.changedAt).toISOString().slice(0, 16)}Z`,
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows)
    out.line(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}
