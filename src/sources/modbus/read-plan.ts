import { PenstockError } from '../../core/errors.ts'
import type { ModbusDeviceConfig } from '../../core/plant.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { ReadBlock } from '../driver.ts'
import { type Area, areas, isBitArea } from './address.ts'
import { type Decode, decoderOf } from './decode.ts'
import { forbiddenBy, forbiddenOf } from './forbidden.ts'
import { networkCost, type RequestCost, widestGap } from './request-cost.ts'
import { layoutOf } from './tag-layout.ts'

/** One tag in a request: `count` registers or bits from `start`. */
export interface ReadItem {
  readonly tag: IndexedTag
  readonly start: number
  readonly count: number
  /** Absent for the bits of coils and discrete inputs. */
  readonly decode?: Decode
}

/** One request: `count` registers or bits from `start` of one unit and area. All items lie in it, ascending by start. */
export interface ModbusBlock extends ReadBlock {
  readonly unitId: number
  readonly area: Area
  readonly start: number
  readonly count: number
  readonly items: readonly ReadItem[]
  /** Registers or bits that are some item's. */
  readonly used: number
}

/**
 * The cheapest requests that read these tags of a device; no tag straddles two. A hole between two tags is read along
 * where that costs no more than a request of its own, unless the device's settings say otherwise; a device that refuses
 * to have its holes read is asked in smaller parts (`splitBlock`).
 */
export function planReads(
  device: DeviceTags<ModbusDeviceConfig>,
  tags: readonly IndexedTag[],
  cost: RequestCost = networkCost,
): ModbusBlock[] {
  const byArea = new Map<Area, ReadItem[]>(areas.map((area) => [area, []]))
  for (const tag of tags) {
    const problems: Problem[] = []
    const found = layoutOf(tag.tag, device.device, problems)
    if (!found) throw new PenstockError('CONFIG_INVALID', problems.map(formatProblem).join(' '))
    const { address, count, layout } = found
    const item: ReadItem = { tag, start: address.start, count, ...(layout && { decode: decoderOf(layout) }) }
    byArea.get(address.area)?.push(item)
  }
  const { unitId, maxRegisters, maxCoils, maxGap, oneTagPerRequest } = device.device
  const forbidden = forbiddenOf(device.device)
  const widest = widestGap(cost)
  return [...byArea].flatMap(([area, items]) => {
    const [most, gap] = isBitArea(area) ? [maxCoils, widest.bits] : [maxRegisters, widest.registers]
    const mayRead = (start: number, count: number) => !forbiddenBy(forbidden, area, start, count)
    const merged = oneTagPerRequest ? items.map((item) => [item]) : mergeItems(items, most, maxGap ?? gap, mayRead)
    return merged.map((together) => blockOf(unitId, area, together))
  })
}

function mergeItems(
  items: readonly ReadItem[],
  most: number,
  gap: number,
  mayRead: (start: number, count: number) => boolean,
): ReadItem[][] {
  const sorted = [...items].sort((a, b) => a.start - b.start || a.count - b.count)
  const merged: ReadItem[][] = []
  let open: ReadItem[] = []
  let end = 0
  for (const item of sorted) {
    const grownEnd = Math.max(end, item.start + item.count)
    const start = open[0]?.start
    const hole = item.start - end
    if (start !== undefined && (hole > gap || grownEnd - start > most || (hole > 0 && !mayRead(end, hole)))) {
      merged.push(open)
      open = []
    }
    end = open.length === 0 ? item.start + item.count : grownEnd
    open.push(item)
  }
  if (open.length > 0) merged.push(open)
  return merged
}

/**
 * Two halves of a block that the device refuses: apart at the widest hole, the likeliest cause, or in the middle where
 * there is none. Undefined where all items read the same registers, so that nothing is left to tell apart.
 */
export function splitBlock({ unitId, area, items }: ModbusBlock): [ModbusBlock, ModbusBlock] | undefined {
  let at = 0
  let widest = Number.NEGATIVE_INFINITY
  let end = items[0]?.start ?? 0
  items.forEach((item, position) => {
    const before = items[position - 1]
    const apart = before && (before.start !== item.start || before.count !== item.count)
    const gap = Math.max(0, item.start - end)
    const nearerMiddle = Math.abs(position - items.length / 2) < Math.abs(at - items.length / 2)
    if (apart && (gap > widest || (gap === widest && nearerMiddle))) [at, widest] = [position, gap]
    end = Math.max(end, item.start + item.count)
  })
  if (at === 0) return undefined
  return [blockOf(unitId, area, items.slice(0, at)), blockOf(unitId, area, items.slice(at))]
}

function blockOf(unitId: number, area: Area, items: readonly ReadItem[]): ModbusBlock {
  const start = items[0]?.start ?? 0
  const end = Math.max(...items.map((item) => item.start + item.count))
  return { tags: items.map((item) => item.tag), unitId, area, start, count: end - start, items, used: covered(items) }
}

/** Bytes of an answer to the block that tags have. */
export const bytesUsed = ({ area, used }: ModbusBlock): number => (isBitArea(area) ? Math.ceil(used / 8) : 2 * used)

/** `items` ascending by start. */
function covered(items: readonly ReadItem[]): number {
  let end = 0
  let sum = 0
  for (const { start, count } of items) {
    sum += Math.max(0, start + count - Math.max(start, end))
    end = Math.max(end, start + count)
  }
  return sum
}
