import { type UserRole, userRoles } from '../../config/opcua-choices.ts'

/** Somebody who has proved who they are. */
export interface WebUser {
  readonly name: string
  readonly roles: readonly UserRole[]
}

/** Where the web asks who somebody is; it keeps no users of its own. */
export interface WebUsers {
  /** The user with this name and password; undefined where there is none. Takes as long for a name that nobody has. */
  verify(name: string, password: string): Promise<WebUser | undefined>
  /** The user as configured now, with a text that is another one once the password is; undefined: no such user. */
  find(name: string): Promise<(WebUser & { readonly stamp: string }) | undefined>
  /** False: nobody can log in, since no user exists. */
  any(): Promise<boolean>
}

/** Whether one of these roles may do what at least `needed` may: each role of the list may do all that the former may. */
export const mayAct = (roles: readonly UserRole[], needed: UserRole): boolean =>
  roles.some((role) => userRoles.indexOf(role) >= userRoles.indexOf(needed))
