import { systemClock } from '../../../src/core/clock.ts'
import { SensorFleet } from '../../../src/demo/chirpstack/fleet.ts'
import { SimulatedChirpStack } from '../../../src/demo/chirpstack/simulated-chirpstack.ts'
import { randomFrom } from '../../support/seeded-random.ts'
import { obeyOrders } from './orders.ts'

/**
 * A simulated ChirpStack with a fleet of sensors whose uplinks say when they were sent. A program of its own, so that
 * its time is not the gateway's: `node fleet-chirpstack.ts DEVICES TENANT KEY`.
 */
const [devices, tenantId, key] = process.argv.slice(2) as [string, string, string]
const chirpStack = new SimulatedChirpStack({ clock: systemClock })
chirpStack.directory.addTenant({ id: tenantId, name: 'Bench' })
chirpStack.access.add(key, { admin: false, tenantId })
const fleet = new SensorFleet({
  chirpStack,
  clock: systemClock,
  random: randomFrom(1),
  tenantId,
  devices: Number(devices),
  object: (_, count, now) => ({ count, sentAt: now }),
})

export const fleetOrders = {
  listen: () => chirpStack.listen(),
  devEuis: () => fleet.devEuis,
  openStreams: () => chirpStack.openStreams(),
  /** From now on events wait until the next reading of Redis, once a second, as ChirpStack has it; on new streams. */
  poll(): void {
    chirpStack.behaveAsReal()
    chirpStack.breakStreams()
  },
  send: (uplinksPerSecond: number) => fleet.start(uplinksPerSecond),
  /** Answers how many were sent in all. */
  stop(): number {
    fleet.stop()
    return fleet.sent
  },
}

obeyOrders(fleetOrders)
