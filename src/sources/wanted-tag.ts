import { type DataType, dataTypes } from '../core/data-type.ts'
import type { WantedReading } from '../core/diagnostics.ts'
import { nearest } from '../core/nearest.ts'
import {
  type ByteOrder,
  type ModbusSourceConfig,
  type RegisterOrder,
  registerOrders,
  type S7SourceConfig,
  type TagConfig,
} from '../core/plant.ts'
import type { Problem } from '../core/problem.ts'
import { AD_HOC, type DeviceTags } from '../core/tag-index.ts'
import type { SourceTypes } from './supervisor.ts'

export type FieldSource = ModbusSourceConfig | S7SourceConfig
export type FieldDevice = FieldSource['devices'][number]

export interface CheckedTag {
  readonly tag: TagConfig
  /** Everything wrong with it, as a configuration would be refused for it. */
  readonly problems: readonly Problem[]
}

/**
 * The tag that somebody wants to read once, of a device of the source. Without a type it gets the first that the
 * address can be read as.
 */
export function wantedTag(
  types: Pick<SourceTypes, 'modbus' | 's7'>,
  source: FieldSource,
  device: FieldDevice,
  wanted: Omit<WantedReading, 'source' | 'device'>,
): CheckedTag {
  const problems: Problem[] = []
  const type = wanted.type === undefined ? undefined : typeOf(wanted.type, problems)
  const settings = {
    address: wanted.address,
    ...(wanted.encoding === undefined ? {} : { encoding: wanted.encoding }),
    ...(wanted.byteOrder === undefined ? {} : { byteOrder: byteOrderOf('byteOrder', wanted.byteOrder, problems) }),
    ...(wanted.wordOrder === undefined ? {} : { wordOrder: byteOrderOf('wordOrder', wanted.wordOrder, problems) }),
    ...(wanted.order === undefined ? {} : { order: orderOf(wanted.order, problems) }),
    ...(wanted.length === undefined ? {} : { length: lengthOf(wanted.length, problems) }),
  }
  const first: readonly DataType[] = source.kind === 's7' ? ['Boolean', 'Byte', 'UInt16'] : ['Boolean', 'UInt16']
  const candidates = type === undefined ? [...first, ...dataTypes] : [type]
  const tags = candidates.map(
    (each): TagConfig => ({ key: 'read-once', name: 'read-once', disabled: false, ...settings, type: each }),
  )
  const problemsOf = (tag: TagConfig) => {
    const config = withOnly(source, device, tag)
    const found = config.kind === 's7' ? types.s7.validate(config) : types.modbus.validate(config)
    return found.map((each) => ({ ...each, path: each.path.replace(/^devices\[0\]\.tags\[0\]\./, '') }))
  }
  const fallback = tags[type === undefined ? 1 : 0] as TagConfig
  if (problems.length > 0) return { tag: fallback, problems }
  const tag = tags.find((each) => problemsOf(each).length === 0) ?? fallback
  return { tag, problems: problemsOf(tag) }
}

/** The device with nothing but this tag, for a driver to plan. */
export function aloneOn(source: FieldSource, device: FieldDevice, tag: TagConfig): DeviceTags<FieldDevice> {
  const config = withOnly(source, device, tag)
  const [only] = config.devices as readonly [FieldDevice]
  const indexed = { index: AD_HOC, id: `${device.key}/${tag.key}`, tag, device: only, source: config, disabled: false }
  return { device: only, tags: [indexed] }
}

function withOnly(source: FieldSource, device: FieldDevice, tag: TagConfig): FieldSource {
  const alone = { ...device, disabled: false, tags: [tag] }
  return { ...source, disabled: false, devices: [alone] } as FieldSource
}

function typeOf(text: string, problems: Problem[]): DataType | undefined {
  const type = dataTypes.find((each) => each.toLowerCase() === text.toLowerCase())
  if (type) return type
  const meant = nearest(text, dataTypes)
  const mend = meant ? `Did you mean ${meant}?` : `There are ${dataTypes.join(', ')}.`
  problems.push({ path: 'type', message: `"${text}" is no data type.`, mend })
  return undefined
}

function byteOrderOf(path: string, text: string, problems: Problem[]): ByteOrder {
  if (text === 'big' || text === 'little') return text
  problems.push({ path, message: `"${text}" is no order.`, mend: 'Write big or little.' })
  return 'big'
}

function orderOf(text: string, problems: Problem[]): RegisterOrder {
  const order = registerOrders.find((each) => each === text.toUpperCase())
  if (!order) problems.push({ path: 'order', message: `"${text}" is no order.`, mend: `Write ${ONE_OF_ORDERS}.` })
  return order ?? 'ABCD'
}

function lengthOf(text: string, problems: Problem[]): number {
  const length = Number(text)
  if (/^\d{1,5}$/.test(text)) return length
  problems.push({ path: 'length', message: `"${text}" is no length.`, mend: 'Write how many characters it has.' })
  return 1
}

const ONE_OF_ORDERS = `${registerOrders.slice(0, -1).join(', ')} or ${registerOrders.at(-1)}`
