import { z } from 'zod'
import { PenstockError } from '../../../core/errors.ts'
import { measurementKinds } from '../listed.ts'
import type { InventoryMirror } from '../mirror.ts'
import type { DerivedTag } from './derive.ts'
import type { Observation } from './observation.ts'

/** What is remembered of a device. */
export interface KnownDevice {
  readonly devEui: string
  /** The profile that its tags were made for. */
  readonly profile?: { readonly id: string; readonly name: string } | undefined
  /** The profile whose codec made what was observed. */
  readonly observedProfileId?: string | undefined
  /** Time of the newest uplink that was observed, never in the future. */
  readonly observedTime?: number | undefined
  readonly observation: Observation
  readonly tags: readonly DerivedTag[]
}

/** Everything that discovery knows between two runs: plain data, the same after JSON. */
export interface DiscoveryState {
  readonly version: 1
  /** The last whole inventory; absent: none was ever read. */
  readonly mirror?: InventoryMirror | undefined
  /** By DevEUI. */
  readonly devices: readonly KnownDevice[]
}

export const emptyDiscovery: DiscoveryState = { version: 1, devices: [] }

const devEui = z.string().regex(/^[0-9a-f]{16}$/)
const count = z.number().int().nonnegative()
const sighting = z.object({ times: count, last: count }).optional()
const seenPath = z.object({
  types: z.object({ boolean: sighting, number: sighting, text: sighting, group: sighting }),
  fractional: z.boolean(),
  last: count,
})
const observation = z.object({
  uplinks: count,
  undecoded: count,
  paths: z.record(z.string(), seenPath),
  leftOut: count,
})
const derivedTag = z.object({ key: z.string(), type: z.enum(['Boolean', 'Double', 'String']), address: z.string() })
const knownDevice = z.object({
  devEui,
  profile: z.object({ id: z.string(), name: z.string() }).optional(),
  observedProfileId: z.string().optional(),
  observedTime: z.number().optional(),
  observation,
  tags: z.array(derivedTag),
})
const mirror = z.object({
  tenantId: z.string(),
  tenantName: z.string().optional(),
  applications: z.array(z.object({ id: z.string(), name: z.string(), description: z.string() })),
  profiles: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      codec: z.enum(['NONE', 'CAYENNE_LPP', 'JS']),
      measurements: z.array(z.object({ key: z.string(), name: z.string(), kind: z.enum(measurementKinds) })),
      uplinkInterval: z.number(),
      statusRequestsPerDay: z.number(),
      isAlwaysListening: z.boolean().default(false),
    }),
  ),
  devices: z.array(
    z.object({
      devEui,
      name: z.string(),
      description: z.string(),
      applicationId: z.string(),
      profileId: z.string(),
      profileName: z.string(),
      tags: z.record(z.string(), z.string()),
      disabled: z.boolean().optional(),
      lastSeenAt: z.number().optional(),
      updatedAt: z.number().optional(),
      status: z.object({ margin: z.number(), externalPowerSource: z.boolean(), batteryLevel: z.number() }).optional(),
    }),
  ),
  groups: z.array(z.object({ id: z.string(), name: z.string(), applicationId: z.string() })).optional(),
})
const stateSchema = z.object({ version: z.literal(1), mirror: mirror.optional(), devices: z.array(knownDevice) })

/** The state that was kept as JSON. Throws SCHEMA_TOO_NEW or CONFIG_INVALID where it is none of this program. */
export function parseDiscoveryState(json: string): DiscoveryState {
  let raw: unknown
  try {
    raw = JSON.parse(json)
  } catch (cause) {
    throw new PenstockError('CONFIG_INVALID', 'What was kept of the discovery is not JSON', { cause })
  }
  const { data: versioned } = z.object({ version: z.number() }).safeParse(raw)
  if (versioned && versioned.version > 1) {
    const message = `What was kept of the discovery has version ${versioned.version}, which a newer program wrote`
    throw new PenstockError('SCHEMA_TOO_NEW', message)
  }
  const parsed = stateSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const place = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new PenstockError('CONFIG_INVALID', `What was kept of the discovery cannot be understood, at "${place}"`)
}
