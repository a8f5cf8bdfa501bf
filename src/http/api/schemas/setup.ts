import { z } from 'zod'
import { testSteps } from '../../../core/connection-test.ts'
import { secretOrigins } from '../../secrets-desk.ts'
import { reading } from './diagnostics.ts'

const step = z.object({
  step: z.enum(testSteps),
  ok: z.boolean().nullable().describe('null: it does not matter, or cannot be tried.'),
  text: z.string().describe('What was seen, and where it went wrong what to do.'),
  ms: z.number().optional(),
})

const found = z.object({
  tenants: z.array(z.object({ id: z.string(), name: z.string() })),
  tenantName: z.string().optional(),
  applications: z.array(z.object({ name: z.string(), devices: z.int() })),
  profiles: z.array(z.object({ name: z.string(), devices: z.int(), measurements: z.int() })),
  devices: z.array(
    z.object({
      devEui: z.string(),
      name: z.string(),
      application: z.string(),
      profile: z.string(),
      lastSeenAt: z.number().optional().describe('Milliseconds of the epoch; absent: never.'),
      servedAs: z.string().optional().describe('Key under which the rules of the definition serve it.'),
    }),
  ),
})

/** How far a test came. */
export const testReport = z.object({
  ok: z.boolean().describe('Nothing that was tried failed.'),
  steps: z.array(step),
  reading: reading.optional().describe('What the first tag of the definition reads.'),
  found: found.optional().describe('What a ChirpStack has.'),
})
export type TestReportAnswer = z.output<typeof testReport>

export const secretPlaces = z.object({
  secrets: z.array(
    z.object({
      variable: z.string(),
      source: z.string().describe('Key of the source whose API key it is.'),
      from: z.enum(secretOrigins).describe('kept: in a file of the data folder.'),
    }),
  ),
})
export type SecretPlacesAnswer = z.output<typeof secretPlaces>

/** A client of the OPC UA server, and a certificate that one of them showed. */
export const setupClients = z.object({
  endpoints: z.array(z.string()),
  policies: z.array(z.string()).describe('What a client can choose, the safest first: policy and mode.'),
  anonymous: z.boolean().describe('Whether a client need not log in.'),
  users: z.array(z.object({ name: z.string(), roles: z.array(z.string()) })),
  clients: z.array(
    z.object({
      client: z.string(),
      user: z.string().nullable().optional().describe('null: anonymous; absent: nothing for you.'),
      address: z.string().nullable().optional(),
      since: z.number(),
      items: z.int().describe('Monitored items.'),
      security: z.string(),
    }),
  ),
  rejected: z.array(z.object({ thumbprint: z.string(), subject: z.string(), validTo: z.number().nullable() })),
})
export type SetupClientsAnswer = z.output<typeof setupClients>
