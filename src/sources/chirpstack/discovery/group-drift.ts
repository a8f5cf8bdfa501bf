import type { DriftEntry } from '../../../core/drift.ts'
import type { ChirpStackSourceConfig } from '../../../core/plant.ts'
import type { DiscoveryRule } from '../../../core/template.ts'
import type { InventoryMirror } from '../mirror.ts'
import { matchesGlob } from './glob.ts'
import { applicationName } from './inventory-change.ts'

/**
 * Multicast groups of the applications that rules look at, which no device of the source stands for. None is made by
 * itself: what a group can be told is in no inventory.
 */
export function groupsWithoutDevice(source: ChirpStackSourceConfig, mirror: InventoryMirror | undefined): DriftEntry[] {
  if (!mirror) return []
  const known = new Set(source.devices.map((device) => ('multicastGroup' in device ? device.multicastGroup : '')))
  const isLookedAt = (id: string, name: string) => source.rules?.find((rule) => isOf(rule, id, name))?.ignore === false
  return (mirror.groups ?? []).flatMap(({ id, name, applicationId }): DriftEntry[] => {
    const application = applicationName(mirror, applicationId)
    if (known.has(id) || !isLookedAt(applicationId, application)) return []
    return [
      {
        kind: 'group_without_device',
        devEui: id,
        name,
        reason: `It is a multicast group of the application "${application}", and no device of the source stands for it.`,
        mend: `Add a device with multicastGroup: ${id} and its commands, or a rule with the application and "ignore: true".`,
      },
    ]
  })
}

/** Rules speak of devices; what they say of applications holds for groups too. */
function isOf({ application, name, profile, tags, ignore }: DiscoveryRule, id: string, called: string): boolean {
  // One that ignores some devices of an application does not speak of all that is in it.
  if (ignore && (name ?? profile ?? tags) !== undefined) return false
  return application === undefined || application.toLowerCase() === id.toLowerCase() || matchesGlob(application, called)
}
