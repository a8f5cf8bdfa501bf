import type { Milliseconds } from '../../core/clock.ts'
import { type ErrorCode, PenstockError } from '../../core/errors.ts'
import type { ChirpStackApi } from './api.ts'
import { type Inventory, listAll } from './inventory.ts'
import type { ListedApplication, ListedDevice, ListedStatus, MeasuringProfile } from './listed.ts'
import type { MulticastApi } from './multicast/multicast-api.ts'
import { LONGEST_DESCRIPTION, LONGEST_NAME, shownText } from './shown-text.ts'

/** What ChirpStack says of a device. Plain data. */
export interface MirroredDevice {
  /** 16 hexadecimal digits, lower case. */
  readonly devEui: string
  readonly name: string
  readonly description: string
  readonly applicationId: string
  readonly profileId: string
  readonly profileName: string
  readonly tags: Readonly<Record<string, string>>
  /** Undefined: it was not asked for, or not answered. */
  readonly disabled?: boolean | undefined
  /** When the network server last heard it; undefined: never. */
  readonly lastSeenAt?: Milliseconds | undefined
  readonly updatedAt?: Milliseconds | undefined
  readonly status?: ListedStatus | undefined
}

export interface MirroredProfile extends MeasuringProfile {
  readonly id: string
}

/** A multicast group. Plain data. */
export interface MirroredGroup {
  /** UUID, lower case. */
  readonly id: string
  readonly name: string
  readonly applicationId: string
}

/** The inventory of a tenant at one time, whole: plain data that stands in JSON as it is. */
export interface InventoryMirror {
  readonly tenantId: string
  /** Undefined where the key may not know it. */
  readonly tenantName?: string | undefined
  readonly applications: readonly ListedApplication[]
  /** Those that devices have. One that could not be read is missing. */
  readonly profiles: readonly MirroredProfile[]
  /** By DevEUI. */
  readonly devices: readonly MirroredDevice[]
  /** Of all applications that the key may ask for them; absent in what an older Penstock kept. */
  readonly groups?: readonly MirroredGroup[] | undefined
}

export type MirrorApi = Pick<ChirpStackApi, 'tenantName' | 'applications' | 'devices' | 'profile' | 'isDisabled'> & {
  readonly multicast: Pick<MulticastApi, 'groups'>
}

export interface MirrorOptions {
  readonly api: MirrorApi
  readonly tenantId: string
  /** What was read last: what did not change since is not asked for again. */
  readonly previous?: InventoryMirror | undefined
  /** For which devices it matters whether they are disabled, which takes a call each. */
  readonly wanted: (device: MirroredDevice, application: string) => boolean
}

/** Calls at once: each costs ChirpStack a connection to its database, of which it has ten. */
const CALLS_AT_ONCE = 4

/**
 * Reads the inventory. It is whole or the promise rejects, as the calls do: a half-read one would show devices as
 * deleted. For the same reason devices that are missing since `previous` are only believed after a second listing,
 * since one that moves between two applications meanwhile is in neither list.
 */
export async function readMirror({ api, tenantId, previous, wanted }: MirrorOptions): Promise<InventoryMirror> {
  let listed = await list(api, tenantId)
  const found = new Set(listed.devices.map(({ devEui }) => devEui))
  if (previous?.devices.some(({ devEui }) => !found.has(devEui))) listed = await list(api, tenantId)
  const names = new Map(listed.applications.map(({ id, name }) => [id, name]))
  const isWanted = (device: MirroredDevice) => wanted(device, names.get(device.applicationId) ?? '')
  const devices = await withDisabled(api, listed.devices, previous, isWanted)
  const profiles = await readProfiles(api, devices, previous)
  const tenantName = await answerOf(() => api.tenantName(tenantId))
  return {
    tenantId,
    ...(tenantName === undefined ? {} : { tenantName: shownText(tenantName, LONGEST_NAME) }),
    applications: listed.applications,
    profiles,
    devices,
    groups: await readGroups(api, listed.applications),
  }
}

async function readGroups(api: MirrorApi, applications: readonly ListedApplication[]): Promise<MirroredGroup[]> {
  const listed = await eachOf(applications, async ({ id: applicationId }) => {
    const rows = await answerOf(() =>
      listAll(
        (offset) => api.multicast.groups(applicationId, offset),
        ({ id }) => id,
      ),
    )
    return (rows ?? []).map(({ id, name }) => ({ id, name: shownText(name, LONGEST_NAME), applicationId }))
  })
  return listed.flat().sort((one, other) => (one.id < other.id ? -1 : 1))
}

interface Listed {
  readonly applications: readonly ListedApplication[]
  readonly devices: readonly MirroredDevice[]
}

async function list(api: MirrorApi, tenantId: string): Promise<Listed> {
  const applications = await listAll(
    (offset) => api.applications(tenantId, offset),
    ({ id }) => id,
  )
  const devices = new Map<string, MirroredDevice>()
  for (const { id } of applications) {
    const rows = await listAll(
      (offset) => api.devices(id, offset),
      ({ devEui }) => devEui,
    )
    for (const row of rows) {
      const device = mirrored(row, id)
      // It is to be a key, and part of NodeIds.
      if (/^[0-9a-f]{16}$/.test(device.devEui)) devices.set(device.devEui, device)
    }
  }
  return {
    applications: applications.map(shown),
    devices: [...devices.values()].sort((one, other) => (one.devEui < other.devEui ? -1 : 1)),
  }
}

/** The same, with names that can be shown to people. */
const shown = <Named extends { readonly name: string; readonly description?: string }>(named: Named): Named => ({
  ...named,
  name: shownText(named.name, LONGEST_NAME),
  ...(named.description === undefined ? {} : { description: shownText(named.description, LONGEST_DESCRIPTION) }),
})

/** Without fields that are undefined: JSON would drop them, and a mirror read back must be the same. */
function mirrored(row: ListedDevice, applicationId: string): MirroredDevice {
  const { devEui, name, description, profileId, profileName, tags, lastSeenAt, updatedAt, status } = row
  return {
    devEui: devEui.toLowerCase(),
    ...shown({ name, description }),
    applicationId,
    profileId,
    profileName: shownText(profileName, LONGEST_NAME),
    tags,
    ...(lastSeenAt === undefined ? {} : { lastSeenAt }),
    ...(updatedAt === undefined ? {} : { updatedAt }),
    ...(status === undefined ? {} : { status }),
  }
}

function withDisabled(
  api: MirrorApi,
  devices: readonly MirroredDevice[],
  previous: InventoryMirror | undefined,
  wanted: (device: MirroredDevice) => boolean,
): Promise<MirroredDevice[]> {
  const known = new Map(previous?.devices.map((device) => [device.devEui, device]))
  return eachOf(devices, async (device) => {
    const before = known.get(device.devEui)
    const same = device.updatedAt !== undefined && before?.updatedAt === device.updatedAt
    if (same && before.disabled !== undefined) return { ...device, disabled: before.disabled }
    if (!wanted(device)) return device
    const disabled = (await answerOf(() => api.isDisabled(device.devEui))) ?? before?.disabled
    return disabled === undefined ? device : { ...device, disabled }
  })
}

async function readProfiles(
  api: MirrorApi,
  devices: readonly MirroredDevice[],
  previous: InventoryMirror | undefined,
): Promise<MirroredProfile[]> {
  const ids = [...new Set(devices.map(({ profileId }) => profileId))].sort()
  const profiles = await eachOf(ids, async (id) => {
    const profile = await answerOf(() => api.profile(id))
    return profile
      ? { id, ...shown(profile), measurements: profile.measurements.map(shown) }
      : previous?.profiles.find((known) => known.id === id)
  })
  return profiles.filter((profile) => profile !== undefined)
}

/** Undefined where this one question is not answered, as for a device deleted meanwhile; throws where none would be. */
async function answerOf<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof PenstockError) || unanswered.includes(error.code)) throw error
    return undefined
  }
}

/** The server is not there, rather than unwilling to answer this. */
const unanswered: readonly ErrorCode[] = ['CONNECTION_LOST', 'TIMEOUT', 'STOPPED']

/** Does `work` on each item, a few at once, and answers in their order; rejects with the first error. */
async function eachOf<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = new Array<Result>(items.length)
  let next = 0
  let failed = false
  const worker = async () => {
    while (next < items.length && !failed) {
      const position = next++
      try {
        results[position] = await work(items[position] as Item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
  return results
}

/** The same as what `readInventory` answers. */
export const inventoryOf = ({ devices }: InventoryMirror): Inventory =>
  new Map(
    devices.map((device) => {
      const { lastSeenAt, updatedAt, status } = device
      return [device.devEui, { ...device, lastSeenAt, updatedAt, status }]
    }),
  )
