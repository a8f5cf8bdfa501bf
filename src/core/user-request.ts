import { hashPassword } from './password.ts'
import { passwordProblem } from './password-rule.ts'
import type { UserChange, UserRole } from './user.ts'

/** What somebody asks for: a change with the password itself, as it was typed. */
export type UserRequest =
  | {
      readonly action: 'add'
      readonly name: string
      readonly roles: readonly UserRole[]
      readonly password: string | null
    }
  | { readonly action: 'password'; readonly name: string; readonly password: string }
  | Exclude<UserChange, { action: 'add' | 'password' }>

/** The change that is asked for, with the password as a hash; or why the password is not taken, in words. */
export async function changeOf(request: UserRequest): Promise<UserChange | { readonly refused: string }> {
  if (request.action !== 'add' && request.action !== 'password') return request
  const { password, ...rest } = request
  if (password !== null) {
    const refused = passwordProblem(request.name, password)
    if (refused !== undefined) return { refused }
  }
  const passwordHash = password === null ? null : await hashPassword(password)
  return { ...rest, passwordHash } as UserChange
}
