import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { ChirpStackApi } from '../../src/sources/chirpstack/api.ts'
import { authorization, endpointOf } from '../../src/sources/chirpstack/endpoint.ts'
import { readMirror } from '../../src/sources/chirpstack/mirror.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { climateProfile, HALL, measurement, mirrored, OFFICE } from '../support/discovery-mirror.ts'
import { InventoryServer } from '../support/inventory-server.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

it('the inventory is read as ChirpStack writes it, all that it says of a device', async () => {
  const devices = [
    mirrored(HALL, {
      name: 'Hällë 🌡',
      description: 'East wall',
      disabled: true,
      lastSeenAt: 1_700_000_000_123,
      updatedAt: 1_700_000_000_456,
      status: { margin: -32, externalPowerSource: true, batteryLevel: -1 },
      tags: { site: 'north', constructor: 'x', 'a/b.c': '' },
    }),
    mirrored(OFFICE, { applicationId: 'app-utilities', disabled: false }),
  ]
  const { id, ...profile } = {
    ...climateProfile,
    measurements: [measurement('air_co2', 'GAUGE', 'CO₂'), measurement('open', 'STRING', 'Open')],
    statusRequestsPerDay: 2,
  }
  const server = new InventoryServer(devices, profile)
  ends.push(() => server.close())
  const endpoint = endpointOf({ url: `http://127.0.0.1:${await server.listen()}` })
  const metadata = authorization('key', 'KEY')
  const api = new ChirpStackApi({
    endpoint,
    metadata,
    clock: systemClock,
    timeoutMs: 10_000,
    onRequest: () => undefined,
  })
  ends.push(() => api.close())
  expect(await readMirror({ api, tenantId: TENANT, wanted: () => true })).toEqual({
    tenantId: TENANT,
    tenantName: 'Works',
    applications: ['app-building', 'app-utilities'].map((application) => ({
      id: application,
      name: `Name of ${application}`,
      description: `Description of ${application}`,
    })),
    profiles: [{ id, ...profile }],
    devices,
    groups: [],
  })
})
