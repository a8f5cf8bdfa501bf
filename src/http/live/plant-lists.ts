import { type DeviceBase, fieldEndpointOf, type SourceConfig } from '../../core/plant.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import type { PlantMirror } from './plant-mirror.ts'

/** Which tags of the plant are listed. */
export interface TagFilter {
  /** Key of a source or device; undefined: of all. */
  readonly source?: string | undefined
  readonly device?: string | undefined
  /** A text that is in the id, the name, the device's name or the address, in capitals or not. */
  readonly search?: string | undefined
}

/** The tags that match, in the order of the configuration. */
export function tagsOf({ plant, indexing }: PlantMirror, { source, device, search }: TagFilter): IndexedTag[] {
  const wanted = search?.toLowerCase()
  return plant.sources
    .filter(({ key }) => source === undefined || key === source)
    .flatMap(({ devices }) => devices)
    .filter(({ key }) => device === undefined || key === device)
    .flatMap(({ key }) => indexing.ofDevice(key))
    .filter((tag) => wanted === undefined || textOf(tag).includes(wanted))
}

const textOf = ({ id, tag, device }: IndexedTag): string =>
  `${id} ${tag.name} ${device.name} ${tag.address}`.toLowerCase()

/** Where a source connects to; empty: nowhere. */
export const endpointOf = (source: SourceConfig): string => {
  if (source.kind === 'calculated') return ''
  return source.kind === 'chirpstack' ? source.url : fieldEndpointOf(source)
}

interface Addressed extends DeviceBase {
  readonly devEui?: string
  readonly gatewayId?: string
  readonly multicastGroup?: string
  readonly unitId?: number
}

/** What its network or line knows a device by; empty: it needs nothing. */
export function addressOf(device: Addressed): string {
  const { devEui, gatewayId, multicastGroup } = device
  return devEui ?? gatewayId ?? multicastGroup ?? (device.unitId === undefined ? '' : `unit ${device.unitId}`)
}
