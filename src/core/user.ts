/** Well-known roles of OPC 10000-18 §4.3 that a user of the gateway can have, over OPC UA and HTTP alike. */
export const userRoles = ['Observer', 'Operator', 'Engineer', 'ConfigureAdmin', 'SecurityAdmin'] as const
export type UserRole = (typeof userRoles)[number]

/**
 * What somebody may do: `read` values, history and events; `command`: write tags and call commands of devices;
 * `updateHistory`: change what history holds; `configure`: change the gateway's configuration; `administerSecurity`:
 * users, certificates, and the audit trail.
 */
export const rights = ['read', 'command', 'updateHistory', 'configure', 'administerSecurity'] as const
export type Right = (typeof rights)[number]

const rightsOfRole: Readonly<Record<UserRole, readonly Right[]>> = {
  Observer: ['read'],
  Operator: ['read', 'command'],
  Engineer: ['read', 'command', 'updateHistory'],
  // Who administers the gateway does not thereby run the plant: that takes another role beside this one.
  ConfigureAdmin: ['read', 'configure'],
  SecurityAdmin: ['read', 'administerSecurity'],
}

/** Whether any of the roles gives the right. */
export const can = (roles: readonly UserRole[], right: Right): boolean =>
  roles.some((role) => rightsOfRole[role].includes(right))

/** Everything that any of the roles gives. */
export const rightsOf = (roles: readonly UserRole[]): readonly Right[] => rights.filter((right) => can(roles, right))

/** The roles that give none but these rights. */
export const rolesWithin = (given: readonly Right[]): readonly UserRole[] =>
  userRoles.filter((role) => rightsOfRole[role].every((right) => given.includes(right)))

/** Who somebody turned out to be. */
export interface User {
  readonly name: string
  readonly roles: readonly UserRole[]
}

/** A user as `penstock.db` has it. */
export interface UserRecord extends User {
  /** As `hashPassword` makes it; null: this user has no password, only certificates. */
  readonly passwordHash: string | null
  /** Thumbprints (SHA-1 of the DER, 40 hexadecimal digits, OPC 10000-6 §6.2.2) of certificates this user logs in with. */
  readonly certificates: readonly string[]
  readonly disabled: boolean
  /** Milliseconds of the epoch. */
  readonly createdAt: number
  readonly changedAt: number
}

/** A user as a list shows it: without anything that proves to be it. */
export type ListedUser = Omit<UserRecord, 'passwordHash'> & {
  readonly hasPassword: boolean
  /** `environment`: the configuration names it, and its password is in the environment; it cannot be changed here. */
  readonly origin: 'database' | 'environment'
  /** Why the password would not be taken today, of a user of the configuration; absent: it would. */
  readonly weakness?: string
}

/** A user of the configuration, with the password that the environment gives it. */
export interface ConfiguredUser {
  readonly name: string
  /** In plain text: it never leaves the process. */
  readonly password: string
  readonly role: UserRole
}

/** What can be changed of users. */
export type UserChange =
  | {
      readonly action: 'add'
      readonly name: string
      readonly roles: readonly UserRole[]
      readonly passwordHash: string | null
    }
  | { readonly action: 'password'; readonly name: string; readonly passwordHash: string }
  | { readonly action: 'roles'; readonly name: string; readonly roles: readonly UserRole[] }
  | { readonly action: 'certificate'; readonly name: string; readonly thumbprint: string; readonly add: boolean }
  | { readonly action: 'disable' | 'enable' | 'remove'; readonly name: string }

/** All users after a change, or why it was refused, in words. */
export type UserAnswer = { readonly users: readonly UserRecord[] } | { readonly refused: string }

/** Names a user can have. */
export const userNamePattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/** What is wrong with a name, in words; undefined: nothing. */
export function userNameProblem(name: string): string | undefined {
  if (userNamePattern.test(name)) return undefined
  return `A user name has 1 to 64 letters, digits and "._@-", and begins with a letter or digit; "${name.slice(0, 64)}" does not fit.`
}
