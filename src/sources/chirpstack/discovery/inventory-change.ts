import type { InventoryMirror, MirroredDevice } from '../mirror.ts'

/** What is different of a device in ChirpStack since the inventory was read before. */
export type InventoryChange = {
  readonly devEui: string
  /** Its name now, or its last one. */
  readonly name: string
} & (
  | { readonly kind: 'new' | 'deleted' | 'disabled' | 'enabled' }
  /** Names of the device, of applications or of device profiles. */
  | { readonly kind: 'renamed' | 'moved' | 'profile_changed'; readonly from: string; readonly to: string }
)

/** The differences between two inventories of a tenant, by DevEUI. Without one before, nothing is new. */
export function changesBetween(before: InventoryMirror | undefined, after: InventoryMirror): InventoryChange[] {
  if (!before) return []
  const old = new Map(before.devices.map((device) => [device.devEui, device]))
  const now = new Map(after.devices.map((device) => [device.devEui, device]))
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((devEui): InventoryChange[] => {
    const [was, is] = [old.get(devEui), now.get(devEui)]
    if (!was) return [{ kind: 'new', devEui, name: is?.name ?? '' }]
    if (!is) return [{ kind: 'deleted', devEui, name: was.name }]
    return changesOf(was, is, { before, after })
  })
}

function changesOf(
  was: MirroredDevice,
  is: MirroredDevice,
  { before, after }: { before: InventoryMirror; after: InventoryMirror },
): InventoryChange[] {
  const { devEui, name } = is
  const changes: InventoryChange[] = []
  if (was.name !== name) changes.push({ kind: 'renamed', devEui, name, from: was.name, to: name })
  if (was.applicationId !== is.applicationId) {
    const from = applicationName(before, was.applicationId)
    changes.push({ kind: 'moved', devEui, name, from, to: applicationName(after, is.applicationId) })
  }
  if (was.profileId !== is.profileId) {
    changes.push({ kind: 'profile_changed', devEui, name, from: was.profileName, to: is.profileName })
  }
  if (was.disabled !== undefined && is.disabled !== undefined && was.disabled !== is.disabled) {
    changes.push({ kind: is.disabled ? 'disabled' : 'enabled', devEui, name })
  }
  return changes
}

/** The name of an application; its id where the inventory has no such application. */
export const applicationName = (mirror: InventoryMirror, id: string): string =>
  mirror.applications.find((application) => application.id === id)?.name ?? id
