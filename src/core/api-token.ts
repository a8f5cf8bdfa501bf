import { createHash, randomBytes } from 'node:crypto'
import type { Milliseconds } from './clock.ts'
import { type Right, rights, type User } from './user.ts'

const DAY: Milliseconds = 86_400_000
/** How long a token is valid where nobody says. */
export const defaultTokenDays = 90
/** No token is valid for longer: whoever needs it after that makes another. */
export const longestTokenDays = 730
const LONGEST_NAME = 64

/** A token by which a program asks in the name of a user, without what proves it. */
export interface ApiToken {
  /** Its public part: 16 hexadecimal digits. */
  readonly id: string
  /** What its user calls it. */
  readonly name: string
  readonly user: string
  /** What it may do, as far as its user may still do it. */
  readonly rights: readonly Right[]
  /** Milliseconds of the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
  /** To the hour; null: never. */
  readonly lastUsedAt: number | null
}

/** Who asks by a token, as it is now. */
export interface TokenUser extends User {
  readonly token: Pick<ApiToken, 'id' | 'name' | 'expiresAt'>
  /** Of the token, those that its user has. */
  readonly rights: readonly Right[]
}

/** Who it is; how long the address has to wait, as after wrong passwords; or why the token is not taken. */
export type TokenAnswer =
  | { readonly user: TokenUser }
  | { readonly lockedMs: Milliseconds }
  | { readonly refused: TokenRefusal }
export type TokenRefusal = 'unknown' | 'expired' | 'user'

/** In words, for whoever asked. */
export const tokenRefusals: Readonly<Record<TokenRefusal, string>> = {
  unknown: 'The token is unknown, or was revoked.',
  expired: 'The token has expired: make another one (My access, or penstock token add).',
  user: 'The user of the token is gone or disabled.',
}

/** What is asked for with a new token. */
export interface TokenRequest {
  readonly name: string
  readonly user: string
  readonly rights: readonly Right[]
  readonly days: number
}

/** What is wrong with a request for a token whose maker has these rights, in words; undefined: nothing. */
export function tokenProblem(request: TokenRequest, has: readonly Right[]): string | undefined {
  const { name, days } = request
  if (!/^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$/u.test(name) || [...name].length > LONGEST_NAME) {
    return `A token needs a name of 1 to ${LONGEST_NAME} characters that says what it is for.`
  }
  if (!Number.isSafeInteger(days) || days < 1 || days > longestTokenDays) {
    return `A token is valid for 1 to ${longestTokenDays} days, not ${days}.`
  }
  if (request.rights.length === 0) return `A token needs a right; there are ${rights.join(', ')}.`
  const missing = request.rights.filter((right) => !has.includes(right))
  if (missing.length === 0) return undefined
  return `A token may do at most what its maker may: ${has.join(', ') || 'nothing'}, not ${missing.join(', ')}.`
}

/** When a token ends that is made now for so many days. */
export const tokenEnd = (now: Milliseconds, days: number): Milliseconds => now + days * DAY

/** A new token, of 256 bits; `pst_` lets scanners of source code know it. */
export function newToken(): { readonly id: string; readonly token: string } {
  const id = randomBytes(8).toString('hex')
  return { id, token: `pst_${id}_${randomBytes(32).toString('base64url')}` }
}

/** The public part of a token; undefined: it is none. */
export const tokenId = (token: string): string | undefined => /^pst_([0-9a-f]{16})_[\w-]{43}$/.exec(token)?.[1]

/** What is kept of a token, and compared: of equal length whatever is given. */
export const tokenHash = (token: string): Buffer => createHash('sha256').update(token).digest()

/** What an `Authorization` header carries as a token (RFC 6750, 2.1); undefined: something else, or nothing. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +([\w.~+/=-]{1,4096}) *$/i.exec(authorization ?? '')?.[1]
