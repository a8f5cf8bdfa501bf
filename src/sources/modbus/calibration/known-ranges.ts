import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../../core/plant.ts'
import { TagIndexing } from '../../../core/tag-index.ts'
import { areas, countingOf, isAddressFault, isBitArea, LAST_ADDRESS } from '../address.ts'
import { forbiddenBy, forbiddenOf } from '../forbidden.ts'
import { parseAddress } from '../parse-address.ts'
import { planReads } from '../read-plan.ts'
import type { KnownRange } from './calibrate.ts'

/** Where the device's tags lie, in one piece each; none where it has no tags that are read. */
export function rangesOfTags(source: ModbusSourceConfig, device: ModbusDeviceConfig): KnownRange[] {
  const whole = { ...device, maxRegisters: 125, maxCoils: 2_000, maxGap: 0 }
  const config = { ...source, disabled: false, devices: [{ ...whole, disabled: false }] }
  const tags = new TagIndexing({ sources: [config] })
    .ofDevice(device.key)
    .filter(({ disabled, tag }) => !disabled && !tag.aggregated)
  return planReads({ device: whole, tags }, tags).map(({ area, start, count, items }) => ({
    area,
    start,
    count,
    items: items.map((item) => ({ area, start: item.start, count: item.count })),
  }))
}

/** Reads `holding:0-99`, counted as the device's addresses are; a text says what is wrong with it. */
export function parseRange(text: string, device: ModbusDeviceConfig): KnownRange | string {
  const [, from = '', to] = /^(.*?)(?:-(\d+))?$/.exec(text) ?? []
  const first = parseAddress(from, countingOf(device))
  if (isAddressFault(first)) return `${text}, column ${first.column}: ${first.message} ${first.mend}`
  const { area, start, bit } = first.address
  const last = to === undefined ? start : Number(to) - (device.addressBase ?? 0)
  if (bit !== undefined || last < start || last > LAST_ADDRESS) {
    const kinds = areas.map((each) => `${each}:${isBitArea(each) ? '0-31' : '0-99'}`).join(', ')
    return `${text} is no range of addresses such as ${kinds}`
  }
  const count = last - start + 1
  const forbidden = forbiddenBy(forbiddenOf(device), area, start, count)
  if (!forbidden) return { area, start, count, items: [] }
  return `${text} touches ${area}:${forbidden.first}-${forbidden.last}, which the device has as \`forbidden\``
}

/** As it is written in a configuration. */
export const rangeWords = ({ area, start, count }: Pick<KnownRange, 'area' | 'start' | 'count'>): string =>
  `${area}:${start}-${start + count - 1}`
