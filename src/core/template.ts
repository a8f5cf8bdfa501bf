import type { Milliseconds } from './clock.ts'
import type { CommandConfig } from './command.ts'
import { type HistoryConfig, historyOfTemplate } from './history-policy.ts'
import type { DeviceBase, TagConfig } from './plant.ts'

/** What LoRaWAN devices of one kind have in common, as an operator configures it. */
export interface DeviceTemplate extends HistoryConfig {
  readonly key: string
  readonly name: string
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly staleAfterMs?: Milliseconds | undefined
  readonly badAfterMs?: Milliseconds | undefined
  readonly tags: readonly TagConfig[]
  /** What can be asked of each device. */
  readonly commands?: readonly CommandConfig[] | undefined
}

/** Stands in a rule where a template's key would: the tags are learned from what the device sends. */
export const AUTO_TEMPLATE = 'auto'

/**
 * What becomes of the devices that ChirpStack has and the configuration does not name. All that is given must match;
 * `application`, `profile`, `name` and the values of `tags` are patterns with `*` and `?`.
 */
export interface DiscoveryRule {
  readonly application?: string | undefined
  readonly profile?: string | undefined
  readonly name?: string | undefined
  /** Patterns for tags that the device has in ChirpStack, by their names there. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Key of a template or `auto`; absent where the rule ignores what it matches. */
  readonly template?: string | undefined
  /** Folder of the devices that it takes. */
  readonly folder?: string | undefined
  readonly accept: 'auto' | 'propose'
  readonly ignore: boolean
}

/**
 * The device with the tags of its template behind its own, which win by key. Where it says nothing itself it is of the
 * template's manufacturer and model, and its values age, and are kept as history, as the template says. Applying a
 * template twice changes nothing.
 */
export function withTemplate<Device extends DeviceBase>(device: Device, template: DeviceTemplate): Device {
  const own = new Set(device.tags.map(({ key }) => key))
  const added = template.tags.filter(({ key }) => !own.has(key)).map((tag) => settingsAs(tag, device, template))
  const { manufacturer = template.manufacturer, model = template.model } = device
  return {
    ...device,
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(model === undefined ? {} : { model }),
    tags: [...device.tags, ...added],
    ...withCommands(device, template),
  }
}

function withCommands(device: DeviceBase, template: DeviceTemplate): Pick<DeviceBase, 'commands'> {
  if (!template.commands) return {}
  const own = new Set(device.commands?.map(({ key }) => key))
  return { commands: [...(device.commands ?? []), ...template.commands.filter(({ key }) => !own.has(key))] }
}

/**
 * How long a lost value stays Uncertain always stands in a device, so a template says it in its tags, and how their history
 * is kept too.
 */
function settingsAs(tag: TagConfig, device: DeviceBase, template: DeviceTemplate): TagConfig {
  const staleAfterMs = tag.staleAfterMs ?? device.staleAfterMs ?? template.staleAfterMs
  const badAfterMs = tag.badAfterMs ?? template.badAfterMs
  return {
    ...tag,
    ...historyOfTemplate(tag, device, template),
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    ...(badAfterMs === undefined ? {} : { badAfterMs }),
  }
}
