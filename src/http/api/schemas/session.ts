import { z } from 'zod'
import { rights, userRoles } from '../../../core/user.ts'

const user = z.object({
  name: z.string(),
  roles: z.array(z.enum(userRoles)),
  rights: z.array(z.enum(rights)),
  by: z.enum(['session', 'basic', 'token', 'setup']),
})

export const session = z.object({
  gateway: z.string().describe('Name of the gateway.'),
  user: user.nullable(),
  needsCode: z.boolean().describe('There are no users yet: a set-up code from the log opens the gateway.'),
})
export type SessionAnswer = z.output<typeof session>

export const login = z.union([
  z.strictObject({ name: z.string().min(1).max(256), password: z.string().min(1).max(1_024) }),
  z.strictObject({ code: z.string().min(1).max(64) }),
])
