import { randomBytes, randomUUID } from 'node:crypto'
import type { Milliseconds } from '../../core/clock.ts'
import type {
  Application,
  Measurement,
  MulticastGroup,
  Profile,
  SimulatedDevice,
  SimulatedGateway,
  Tenant,
} from './records.ts'

/** A new record: what it must have, and what it may. */
type New<T, Required extends keyof T> = Pick<T, Required> & Partial<T>

/** What an operator can change of a device. */
export type DeviceChanges = Partial<
  Omit<SimulatedDevice, 'devEui' | 'createdAt' | 'updatedAt' | 'lastSeenAt' | 'status' | 'fCnt' | 'fCntDown' | 'dr'>
>

/** What is configured in the simulated server: its PostgreSQL, so to say. Ids are made up where none is given. */
export class Directory {
  readonly tenants = new Map<string, Tenant>()
  readonly applications = new Map<string, Application>()
  readonly profiles = new Map<string, Profile>()
  readonly devices = new Map<string, SimulatedDevice>()
  readonly gateways = new Map<string, SimulatedGateway>()
  readonly multicastGroups = new Map<string, MulticastGroup>()
  readonly #now: () => Milliseconds

  constructor(now: () => Milliseconds) {
    this.#now = now
  }

  addTenant(tenant: New<Tenant, 'name'>): Tenant {
    return keep(this.tenants, { id: randomUUID(), description: '', ...tenant })
  }

  addApplication(application: New<Application, 'name' | 'tenantId'>): Application {
    return keep(this.applications, { id: randomUUID(), description: '', tags: {}, ...application })
  }

  addProfile(profile: New<Profile, 'name' | 'tenantId'>): Profile {
    return keep(this.profiles, {
      id: randomUUID(),
      uplinkInterval: 3_600,
      statusRequestsPerDay: 1,
      measurements: {},
      autoDetectMeasurements: false,
      codec: 'JS',
      encodeDownlink: bytesAsTheyAre,
      supportsClassB: false,
      supportsClassC: false,
      classCTimeout: 5,
      flushQueueOnActivate: false,
      ...profile,
    })
  }

  addDevice(device: New<SimulatedDevice, 'devEui' | 'applicationId' | 'profileId' | 'name'>): SimulatedDevice {
    const now = this.#now()
    const added: SimulatedDevice = {
      joinEui: '0000000000000000',
      description: '',
      tags: {},
      variables: {},
      isDisabled: false,
      skipFCntCheck: false,
      deviceClass: 'A',
      createdAt: now,
      updatedAt: now,
      lastSeenAt: undefined,
      status: undefined,
      fCnt: 0,
      fCntDown: 0,
      dr: 0,
      ...device,
      devEui: device.devEui.toLowerCase(),
    }
    this.devices.set(added.devEui, added)
    return added
  }

  addGateway(gateway: New<SimulatedGateway, 'gatewayId' | 'tenantId' | 'name'>): SimulatedGateway {
    const added: SimulatedGateway = {
      description: '',
      location: { latitude: 0, longitude: 0, altitude: 0 },
      tags: {},
      statsInterval: 30,
      createdAt: this.#now(),
      lastSeenAt: undefined,
      ...gateway,
      gatewayId: gateway.gatewayId.toLowerCase(),
    }
    this.gateways.set(added.gatewayId, added)
    return added
  }

  addMulticastGroup(group: New<MulticastGroup, 'applicationId' | 'name'>): MulticastGroup {
    return keep(this.multicastGroups, {
      id: randomUUID(),
      mcAddr: randomBytes(4).toString('hex'),
      dr: 0,
      devEuis: [],
      gatewayIds: [],
      fCnt: 0,
      ...group,
    })
  }

  /** Renames a device, moves it to another application or profile, disables it and so on; its session stays. */
  changeDevice(devEui: string, changes: DeviceChanges): SimulatedDevice {
    const changed = { ...this.device(devEui), ...changes, updatedAt: this.#now() }
    this.devices.set(changed.devEui, changed)
    return changed
  }

  changeProfile(id: string, changes: Partial<Omit<Profile, 'id'>>): Profile {
    const profile = this.profiles.get(id)
    if (!profile) throw new Error(`The simulated ChirpStack has no device profile ${id}`)
    return keep(this.profiles, { ...profile, ...changes })
  }

  /** Adds a measurement to a profile or changes its kind, as an operator does. */
  setMeasurement(profileId: string, key: string, measurement: Measurement): void {
    const { measurements } = this.profiles.get(profileId) ?? {}
    this.changeProfile(profileId, { measurements: { ...measurements, [key]: measurement } })
  }

  /** The device of this DevEUI, in whatever case; throws where there is none. */
  device(devEui: string): SimulatedDevice {
    const device = this.devices.get(devEui.toLowerCase())
    if (!device) throw new Error(`The simulated ChirpStack has no device ${devEui}`)
    return device
  }

  /** The profile of a device; throws where it has none, which PostgreSQL would not allow. */
  profileOf(device: SimulatedDevice): Profile {
    const profile = this.profiles.get(device.profileId)
    if (!profile) throw new Error(`Device ${device.devEui} has the profile ${device.profileId}, which does not exist`)
    return profile
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

/** The codec of a profile for which none is given: `{bytes: [1, 2]}` is sent as it stands, and all else is an error. */
function bytesAsTheyAre({ bytes }: Readonly<Record<string, unknown>>): { bytes: readonly number[] } {
  if (Array.isArray(bytes)) return { bytes: bytes.map(Number) }
  throw new TypeError('the object has no list of bytes')
}
