import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { MeasurementKind, Profile } from './records.ts'
import { AirQualitySensor, ClimateSensor, DoorContact, EnergyMeter, LevelSensor, type Sensor } from './sensors.ts'
import type { SimulatedChirpStack } from './simulated-chirpstack.ts'

/** What a configuration needs to know of the demonstration's ChirpStack. All of it is fixed, and none of it a secret. */
export const demoTenant = {
  id: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
  name: 'Riverside Works',
  apiKey: 'demo-key-of-riverside-works',
} as const

/** Another tenant on the same server, into which the first one's key does not let. */
export const otherDemoTenant = {
  id: '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e',
  name: 'Harbour Cold Store',
  apiKey: 'demo-key-of-harbour-cold-store',
} as const

export const demoAdminKey = 'demo-key-of-the-administrator'

/** DevEUIs of the demonstration's devices. The last one belongs to the other tenant. */
export const demoDevEuis = {
  hallClimate: 'a81758fffe0a1001',
  officeAir: 'a81758fffe0a1002',
  gateContact: 'a81758fffe0a1003',
  waterTank: 'a84041ffff1c2001',
  energyMeter: 'a84041ffff1c2002',
  coldStore: '24e124ffff3b3001',
} as const

export type DemoDevice = keyof typeof demoDevEuis

interface Design {
  readonly tenantId: string
  readonly application: string
  readonly name: string
  readonly profile: string
  readonly intervalMs: Milliseconds
  readonly measurements: Readonly<Record<string, MeasurementKind>>
  readonly fPort: number
  readonly rssi: number
  readonly snr: number
  readonly sensor: (random: () => number) => Sensor
}

const designs: Readonly<Record<DemoDevice, Design>> = {
  hallClimate: {
    tenantId: demoTenant.id,
    application: 'Building',
    name: 'Hall 3 climate',
    profile: 'Indoor climate',
    intervalMs: 20_000,
    measurements: { temperature: 'GAUGE', humidity: 'GAUGE', battery: 'GAUGE' },
    fPort: 5,
    rssi: -71,
    snr: 9.5,
    sensor: (random) => new ClimateSensor(random, 20.5),
  },
  officeAir: {
    tenantId: demoTenant.id,
    application: 'Building',
    name: 'Office air',
    profile: 'Air quality',
    intervalMs: 30_000,
    measurements: { air_co2: 'GAUGE', air_tvoc: 'GAUGE', temperature: 'GAUGE', occupied: 'STRING' },
    fPort: 85,
    rssi: -88,
    snr: 7.2,
    sensor: (random) => new AirQualitySensor(random),
  },
  gateContact: {
    tenantId: demoTenant.id,
    application: 'Building',
    name: 'Gate contact',
    profile: 'Door contact',
    intervalMs: 180_000,
    measurements: { open: 'STRING', state: 'STRING', openings: 'COUNTER' },
    fPort: 10,
    rssi: -104,
    snr: 1.8,
    sensor: (random) => new DoorContact(random),
  },
  waterTank: {
    tenantId: demoTenant.id,
    application: 'Utilities',
    name: 'Water tank level',
    profile: 'Ultrasonic level',
    intervalMs: 60_000,
    measurements: { level: 'GAUGE', distance: 'GAUGE', battery: 'GAUGE' },
    fPort: 2,
    rssi: -96,
    snr: 4.5,
    sensor: (random) => new LevelSensor(random),
  },
  energyMeter: {
    tenantId: demoTenant.id,
    application: 'Utilities',
    name: 'Main energy meter',
    profile: 'Energy meter',
    intervalMs: 5_000,
    measurements: { energy_import: 'COUNTER', power_total: 'GAUGE', serial: 'STRING' },
    fPort: 2,
    rssi: -79,
    snr: 8.8,
    sensor: (random) => new EnergyMeter(random),
  },
  coldStore: {
    tenantId: otherDemoTenant.id,
    application: 'Cold stores',
    name: 'Cold store 1',
    profile: 'Cold store climate',
    intervalMs: 60_000,
    measurements: { temperature: 'GAUGE', humidity: 'GAUGE' },
    fPort: 85,
    rssi: -92,
    snr: 5.5,
    sensor: (random) => new ClimateSensor(random, -21),
  },
}

/** The first uplinks come this soon, one after another. */
const FIRST_UPLINK: Milliseconds = 200
/** A status answer follows each of so many uplinks. */
const STATUS_EVERY = 20

/** The demonstration's tenants, devices and what they measure. It sends by itself between `start` and `stop`. */
export class DemoLorawanPlant {
  readonly #chirpStack: SimulatedChirpStack
  readonly #clock: Clock
  readonly #random: () => number
  readonly #timers = new Map<DemoDevice, () => void>()

  /** Writes tenants, keys, profiles and devices into `chirpStack`. */
  constructor(parts: { chirpStack: SimulatedChirpStack; clock: Clock; random: () => number }) {
    this.#chirpStack = parts.chirpStack
    this.#clock = parts.clock
    this.#random = parts.random
    const { access, directory } = parts.chirpStack
    access.add(demoAdminKey, { admin: true })
    for (const { id, name, apiKey } of [demoTenant, otherDemoTenant]) {
      directory.addTenant({ id, name })
      access.add(apiKey, { admin: false, tenantId: id })
    }
    for (const [device, design] of entries(designs)) this.#add(demoDevEuis[device], design)
  }

  start(): void {
    if (this.#timers.size > 0) return
    entries(designs).forEach(([device, design], position) => {
      this.#live(device, design, FIRST_UPLINK * (position + 1))
    })
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #add(devEui: string, { tenantId, application, name, profile, intervalMs, measurements }: Design): void {
    const { directory } = this.#chirpStack
    const known = [...directory.applications.values()].find(
      (each) => each.tenantId === tenantId && each.name === application,
    )
    const { id: applicationId } = known ?? directory.addApplication({ tenantId, name: application })
    const named: Profile['measurements'] = Object.fromEntries(
      Object.entries(measurements).map(([key, kind]) => [key, { name: key, kind }]),
    )
    const uplinkInterval = intervalMs / 1_000
    const { id: profileId } = directory.addProfile({ tenantId, name: profile, uplinkInterval, measurements: named })
    directory.addDevice({ devEui, applicationId, profileId, name })
  }

  /** Sends after `delay`, and then every interval, a little early or late as a device's own clock is. */
  #live(device: DemoDevice, design: Design, delay: Milliseconds): void {
    const sensor = design.sensor(this.#random)
    let sent = 0
    const send = () => {
      this.#send(demoDevEuis[device], design, sensor)
      if (sent % STATUS_EVERY === 0) this.#answerStatus(demoDevEuis[device], design)
      sent++
      const drift = 1 + 0.04 * (this.#random() - 0.5)
      this.#timers.set(device, this.#clock.after(design.intervalMs * drift, send))
    }
    this.#timers.set(device, this.#clock.after(delay, send))
  }

  #send(devEui: string, { fPort, rssi, snr }: Design, sensor: Sensor): void {
    const fading = this.#random() - 0.5
    this.#chirpStack.uplink(devEui, {
      object: sensor.object(this.#clock.now()),
      fPort,
      rssi: Math.round(rssi + 8 * fading),
      snr: Math.round(10 * (snr + 3 * fading)) / 10,
    })
  }

  #answerStatus(devEui: string, { snr }: Design): void {
    this.#chirpStack.status(devEui, { margin: Math.round(snr + 15), batteryLevel: 87.4 })
  }
}

const entries = <Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] =>
  Object.entries(record) as [Key, Value][]
