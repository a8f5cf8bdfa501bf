import {
  byteOrderOf,
  type ModbusDeviceConfig,
  type ModbusSourceConfig,
  registerOrders,
  type TagConfig,
  wordOrderOf,
} from '../../core/plant.ts'
import { type Area, countingOf, formatAddress, isAddressFault, isBitArea } from './address.ts'
import { type Layout, registersOf } from './encoding.ts'
import { parseAddress } from './parse-address.ts'
import { layoutOf, type TagLayout } from './tag-layout.ts'

/** For each tag of a checked source where its value is read and as what, one line each, so that a manual can be compared. */
export function readAs(config: ModbusSourceConfig): string[] {
  return config.devices.flatMap((device) =>
    device.tags.flatMap((tag) => {
      const found = layoutOf(tag, device, [])
      return found ? [`${device.key}/${tag.key}: ${inWords(tag, device, found)}`] : []
    }),
  )
}

function inWords(tag: TagConfig, device: ModbusDeviceConfig, { address, count, layout }: TagLayout): string {
  const { area, start } = address
  const last = start + count - 1
  const unit = isBitArea(area) ? `${area} bit` : `${area} register`
  const wire = count === 1 ? `${unit} ${start}` : `${unit}s ${start} to ${last}`
  const canonical = formatAddress(address, countingOf(device))
  return `${tag.address} is ${canonical}, on the wire ${wire}${layout ? `, ${times(layout)}${how(layout)}` : ''}`
}

const times = ({ arrayLength }: Layout): string => (arrayLength === undefined ? '' : `${arrayLength} of `)

function how({ encoding, length, charset, byteOrder, wordOrder }: Layout): string {
  if (registersOf(encoding, length, charset) > 1 && encoding !== 'string' && encoding !== 'bytes') {
    const order = registerOrders.find((each) => byteOrderOf(each) === byteOrder && wordOrderOf(each) === wordOrder)
    return `${encoding} ${order}`
  }
  return byteOrder === 'little' ? `${encoding}, bytes swapped` : encoding
}

/** With which numbers manuals begin the tables. */
const firstInManuals: Readonly<Record<Area, number>> = { coil: 1, discrete: 10_001, input: 30_001, holding: 40_001 }

/** Addresses such as `holding:40001`, which may be meant as they are written or be copied from a manual. */
export function doubtfulAddresses(config: ModbusSourceConfig): string[] {
  return config.devices.flatMap((device) => {
    const doubtful = device.tags.flatMap((tag) => {
      if (!/^[a-z]+:\d/i.test(tag.address)) return []
      const parsed = parseAddress(tag.address, countingOf(device))
      if (isAddressFault(parsed)) return []
      const { area, start } = parsed.address
      const written = start + (device.addressBase ?? 0)
      const index = written - firstInManuals[area]
      if (area === 'coil' || index < 0 || index > 9_998) return []
      const meant = formatAddress({ area, start: index }, countingOf(device))
      return [{ address: tag.address, area, written, meant }]
    })
    const [first] = doubtful
    if (!first) return []
    const others = doubtful.length > 1 ? ` (and ${doubtful.length - 1} more)` : ''
    return [
      `device "${device.key}": ${first.address}${others} is taken as number ${first.written} of the table ${first.area}; ` +
        `where the number is from a manual that calls the first one ${firstInManuals[first.area]}, write ` +
        `${String(first.written).padStart(5, '0')} or ${first.meant}`,
    ]
  })
}
