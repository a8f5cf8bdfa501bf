import { z } from 'zod'
import { defaultTokenDays, longestTokenDays } from '../../../core/api-token.ts'
import { rights, userRoles } from '../../../core/user.ts'

const apiToken = z.object({
  id: z.string().describe('Its public part, by which it is revoked.'),
  name: z.string(),
  user: z.string(),
  rights: z.array(z.enum(rights)).describe('Its scope: what it may do, as far as its user may still do it.'),
  createdAt: z.number(),
  expiresAt: z.number(),
  lastUsedAt: z.number().nullable().describe('To the hour; null: never.'),
})

export const tokenList = z.object({ tokens: z.array(apiToken) })

export const tokenRequest = z.strictObject({
  name: z.string().max(64).describe('What it is for; no two of a user have the same.'),
  rights: z.array(z.enum(rights)).min(1).describe('Its scope; no more than you may yourself.'),
  days: z.number().int().min(1).max(longestTokenDays).default(defaultTokenDays).describe('How long it is valid.'),
})

export const madeToken = apiToken.extend({
  token: z.string().describe('What proves it. It is said this once and never again.'),
})
export type MadeTokenAnswer = z.output<typeof madeToken>

const webSession = z.object({
  id: z.string(),
  address: z.string().optional().describe('Where it was begun.'),
  client: z.string().optional().describe('What the browser called itself then.'),
  begunAt: z.number(),
  seenAt: z.number().describe('When it was last used, to ten minutes.'),
  isThis: z.boolean().describe('The session that asks.'),
})

export const access = z.object({
  name: z.string(),
  roles: z.array(z.enum(userRoles)),
  rights: z.array(z.enum(rights)),
  password: z
    .enum(['gateway', 'environment', 'none'])
    .describe('Where the password is kept: one of the environment is changed there.'),
  sessions: z.array(webSession),
  tokens: z.array(apiToken),
  tokenDays: z.object({ default: z.number(), longest: z.number() }),
})
export type AccessAnswer = z.output<typeof access>

export const newPassword = z.strictObject({
  current: z.string().min(1).max(1_024),
  password: z.string().max(1_024).describe('12 to 256 characters.'),
})
