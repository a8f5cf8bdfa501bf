import { randomUUID } from 'node:crypto'
import type { Milliseconds } from '../../core/clock.ts'

export interface Tenant {
  readonly id: string
  readonly name: string
}

export interface Application {
  readonly id: string
  readonly tenantId: string
  readonly name: string
}

/** `kind` of a measurement, as ChirpStack numbers it (chirpstack-api `MeasurementKind`). */
export type MeasurementKind = 'UNKNOWN' | 'COUNTER' | 'ABSOLUTE' | 'GAUGE' | 'STRING'

export interface Profile {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** Seconds between uplinks. */
  readonly uplinkInterval: number
  /** How often a day the device is asked for its status. */
  readonly statusRequestsPerDay: number
  readonly measurements: Readonly<Record<string, { readonly name: string; readonly kind: MeasurementKind }>>
}

export interface SimulatedDevice {
  /** 16 hexadecimal digits, lower case. */
  readonly devEui: string
  readonly applicationId: string
  readonly profileId: string
  readonly name: string
  readonly description: string
  /** Network server's time of its last uplink. */
  lastSeenAt: Milliseconds | undefined
  fCnt: number
}

type Defaulted<T extends { id: string }, Optional extends keyof T = never> = Omit<T, 'id' | Optional> &
  Partial<Pick<T, 'id' | Optional>>
type NewDevice = Pick<SimulatedDevice, 'devEui' | 'applicationId' | 'profileId' | 'name'> & {
  readonly description?: string
}

/** What is configured in the simulated server: its PostgreSQL, so to say. Ids are made up where none is given. */
export class Directory {
  readonly tenants = new Map<string, Tenant>()
  readonly applications = new Map<string, Application>()
  readonly profiles = new Map<string, Profile>()
  readonly devices = new Map<string, SimulatedDevice>()

  addTenant(tenant: Defaulted<Tenant>): Tenant {
    return keep(this.tenants, { id: randomUUID(), ...tenant })
  }

  addApplication(application: Defaulted<Application>): Application {
    return keep(this.applications, { id: randomUUID(), ...application })
  }

  addProfile(profile: Defaulted<Profile, 'uplinkInterval' | 'statusRequestsPerDay' | 'measurements'>): Profile {
    const defaults = { id: randomUUID(), uplinkInterval: 3_600, statusRequestsPerDay: 1, measurements: {} }
    return keep(this.profiles, { ...defaults, ...profile })
  }

  addDevice(device: NewDevice): SimulatedDevice {
    const devEui = device.devEui.toLowerCase()
    const added: SimulatedDevice = { description: '', ...device, devEui, lastSeenAt: undefined, fCnt: 0 }
    this.devices.set(devEui, added)
    return added
  }

  /** The tenant that owns the device; undefined where there is no such device. */
  tenantOf(devEui: string): string | undefined {
    const device = this.devices.get(devEui.toLowerCase())
    return device && this.applications.get(device.applicationId)?.tenantId
  }
}

function keep<T extends { id: string }>(map: Map<string, T>, item: T): T {
  map.set(item.id, item)
  return item
}
