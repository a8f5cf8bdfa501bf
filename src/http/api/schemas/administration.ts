import { z } from 'zod'
import { certificateStores } from '../../../core/certificate.ts'
import { commandStates } from '../../../core/command.ts'
import { eventKinds } from '../../../core/gateway-event.ts'
import { userRoles } from '../../../core/user.ts'

const time = z.number().describe('Milliseconds of the epoch.')
const bytes = z.number().describe('Bytes.')

export const user = z.object({
  name: z.string(),
  roles: z.array(z.enum(userRoles)),
  disabled: z.boolean(),
  hasPassword: z.boolean(),
  certificates: z.array(z.string()).describe('Thumbprints of the certificates that the user logs in with.'),
  origin: z
    .enum(['database', 'environment'])
    .describe('`environment`: the configuration names the user (opcua.users), and only there it can be changed.'),
  weakness: z.string().optional().describe('Why the password of such a user would not be taken today.'),
  createdAt: time,
  changedAt: time,
  etag: z.string().describe('For `If-Match`: another one after each change.'),
})
export type UserAnswered = z.output<typeof user>
export const userList = z.object({ users: z.array(user) })

const roles = z.array(z.enum(userRoles)).min(1).max(userRoles.length)
const password = z.string().min(1).max(1_024).describe('12 characters or more; their number is what counts.')
export const newUser = z.strictObject({
  name: z.string().min(1).max(64),
  roles,
  password: password.nullable().describe('null: this user has only certificates.'),
})
export const newRoles = z.strictObject({ roles })
export const newPassword = z.strictObject({ password })
export const disabling = z.strictObject({ disabled: z.boolean() })

const store = z
  .enum(certificateStores)
  .describe('`application`: certificates of OPC UA clients; `users`: those that users log in with.')
const thumbprint = z
  .string()
  .regex(/^[0-9A-Fa-f]{40}$/, 'is no thumbprint, which has 40 hexadecimal digits')
  .describe('SHA-1 of the DER, 40 hexadecimal digits.')
export const certificateName = z.strictObject({ store, thumbprint })

export const certificates = z.object({
  certificates: z.array(
    z.object({
      store,
      place: z.enum(['own', 'trusted', 'issuer', 'rejected', 'revoked']),
      thumbprint: z.string(),
      subject: z.string().describe('As whoever made it wrote it; empty where it cannot be read.'),
      issuer: z.string(),
      applicationUri: z.string(),
      isAuthority: z.boolean(),
      validFrom: time.nullable(),
      validTo: time.nullable(),
    }),
  ),
  lists: z
    .array(
      z.object({
        store,
        authority: z.string().describe('Subject of the authority that has signed it.'),
        thumbprint: z.string().describe('Of the authority.'),
        since: time,
      }),
    )
    .describe('Revocation lists (CRL) that count.'),
})
export type CertificatesAnswer = z.output<typeof certificates>

const longText = z.string().min(1).max(1_500_000).describe('PEM, or Base64 of DER.')
export const newCertificate = z.strictObject({ store, certificate: longText })
export const newList = z.strictObject({ store, list: longText })
export const decision = z.strictObject({
  place: z
    .enum(['trusted', 'rejected', 'revoked'])
    .describe('`rejected`: as if it had never been trusted; `revoked`: never again, whoever issued it.'),
})

export const opcuaSessions = z.object({
  sessions: z.array(
    z.object({
      id: z.string().describe("NodeId of the session, as in the server's own diagnostics."),
      name: z.string(),
      user: z.string().nullable().describe('null: anonymous, or not logged in yet.'),
      login: z.enum(['anonymous', 'password', 'certificate']).nullable(),
      client: z.string(),
      clientUri: z.string(),
      address: z.string().nullable().describe('null: it has no connection just now, and may come back.'),
      securityPolicy: z.string().nullable(),
      securityMode: z.string().nullable(),
      active: z.boolean(),
      since: time,
      lastContactAt: time,
      timeoutMs: z.number(),
      requests: z.number().nullable().describe('Since it began.'),
      bytesReceived: bytes.nullable(),
      bytesSent: bytes.nullable(),
      subscriptions: z.array(
        z.object({
          id: z.number(),
          publishingIntervalMs: z.number(),
          publishing: z.boolean(),
          items: z.number(),
          disabledItems: z.number(),
          unacknowledged: z.number(),
          notifications: z.number(),
          lifetimeMs: z.number(),
        }),
      ),
    }),
  ),
})
export type OpcuaSessionsAnswer = z.output<typeof opcuaSessions>

export const events = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(eventKinds),
      subject: z.string().describe('Name of an alarm, or key of what it is about: `line`, `line/pump`.'),
      severity: z.int().describe('1 to 1000 as in OPC UA; urgent from 667 on.'),
      text: z.string().describe('What was seen and what to do.'),
      since: time,
      until: time.nullable().describe('null while it lasts; as `since` where it was over at once.'),
      state: z.enum(commandStates).optional().describe('In which a command ended.'),
    }),
  ),
  next: z.string().optional().describe('For `before`, to see those before; absent: there are none.'),
})
export type EventsAnswer = z.output<typeof events>

export const system = z.object({
  version: z.string(),
  licence: z.string(),
  builtAt: time,
  startedAt: time,
  now: time,
  node: z.string(),
  platform: z.string(),
  memory: z.object({ usedBytes: bytes, limitBytes: bytes.nullable().describe('null: as much as there is.') }),
  disk: z.object({ freeBytes: bytes.nullable(), sizeBytes: bytes.nullable() }).describe('Of the data folder.'),
  files: z.object({ configuration: bytes, history: bytes, certificates: bytes, other: bytes }),
})
export type SystemAnswer = z.output<typeof system>

export const backups = z.object({
  folder: z.string(),
  data: z.string().describe('The data folder, into which one is restored.'),
  schedule: z.string().nullable().describe('As cron writes it; null: only when somebody asks.'),
  keep: z.int().nullable().describe('How many stay; null: all.'),
  backups: z.array(
    z.object({ name: z.string(), at: z.string(), bytes, program: z.string().describe('Version that made it.') }),
  ),
})
export type BackupsAnswer = z.output<typeof backups>
export const madeBackup = z.object({ backup: z.string(), files: z.int(), bytes })
export const verifiedBackup = z.object({ at: z.string(), files: z.int(), bytes })

export const settings = z.object({
  settings: z.array(
    z.object({
      path: z.string(),
      value: z.unknown().describe('As it stands in the configuration, or would; null: none.'),
      otherwise: z.string().optional().describe('What holds where there is none.'),
      description: z.string(),
      origin: z.enum(['default', 'file', 'environment']),
      line: z.int().optional().describe('Of the configuration that holds.'),
      variable: z.string().optional().describe('Of the environment: it can be changed only there.'),
    }),
  ),
  restart: z.array(z.string()).describe('Sections that were changed since, and are in force after a restart.'),
})
export type SettingsAnswer = z.output<typeof settings>
