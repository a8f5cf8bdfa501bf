import { PenstockError } from '../../core/errors.ts'
import type { ModbusDeviceConfig } from '../../core/plant.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { PollSet, ReadBlock } from '../driver.ts'
import { type Sharing, type Span, shareReads } from '../shared-reads.ts'
import { type Area, areas, isBitArea } from './address.ts'
import { type Decode, SharedDecoders } from './decode.ts'
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
  /** The same without its riders, if it has any. */
  readonly alone?: ModbusBlock
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
  return planGroups(device, [{ period: 1, tags }], cost).flat()
}

/** The same for groups of tags, ascending by period; what a faster one reads is not read again for a slower one. */
export function planGroups(
  device: DeviceTags<ModbusDeviceConfig>,
  groups: readonly PollSet[],
  cost: RequestCost = networkCost,
): ModbusBlock[][] {
  const decoders = new SharedDecoders()
  const placed = groups.map(({ period, tags }) => ({
    period,
    items: tags.map((tag) => placedItem(tag, device.device, decoders)),
  }))
  const { unitId, oneTagPerRequest } = device.device
  const block = (items: readonly Placed[]) =>
    blockOf(
      unitId,
      (items[0] as Placed).area,
      items.map(({ item }) => item),
    )
  if (oneTagPerRequest) return placed.map(({ items }) => inAreas(items).map((item) => block([item])))
  return shareReads(placed, sharingOf(device.device, cost)).map(({ reads, spare }) => [
    ...reads.map(({ items, riders }) => withRiders(block(items), riders)),
    ...spare.map(block),
  ])
}

interface Placed {
  readonly area: Area
  readonly item: ReadItem
}

function placedItem(tag: IndexedTag, device: ModbusDeviceConfig, decoders: SharedDecoders): Placed {
  const problems: Problem[] = []
  const found = layoutOf(tag.tag, device, problems)
  if (!found) throw new PenstockError('CONFIG_INVALID', problems.map(formatProblem).join(' '))
  const { address, count, layout } = found
  const item = { tag, start: address.start, count, ...(layout && { decode: decoders.of(layout) }) }
  return { area: address.area, item }
}

const inAreas = (items: readonly Placed[]): Placed[] =>
  areas.flatMap((area) => items.filter((item) => item.area === area))

function sharingOf(device: ModbusDeviceConfig, cost: RequestCost): Sharing<Placed> {
  const { maxRegisters, maxCoils, maxGap } = device
  const forbidden = forbiddenOf(device)
  const widest = widestGap(cost)
  const cheapGap = (area: Area) => (isBitArea(area) ? widest.bits : widest.registers)
  const most = (area: Area) => (isBitArea(area) ? maxCoils : maxRegisters)
  const mayRead = (area: Area, whole: Span, hole: Span) => {
    const gap = hole.end - hole.start
    if (gap > (maxGap ?? cheapGap(area)) || whole.end - whole.start > most(area)) return false
    return gap <= 0 || !forbiddenBy(forbidden, area, hole.start, gap)
  }
  return {
    placeOf: ({ area }) => area,
    spanOf: ({ item }) => spanOf(item),
    costOf: ({ area }) => cheapGap(area),
    mayRead: ({ area }, whole, hole) => mayRead(area, whole, hole),
    merge: (items) =>
      areas.flatMap((area) =>
        mergeItems(
          items.filter((item) => item.area === area),
          (whole, hole) => mayRead(area, whole, hole),
        ),
      ),
  }
}

const spanOf = ({ start, count }: ReadItem): Span => ({ start, end: start + count })

const byAddress = (a: ReadItem, b: ReadItem): number => a.start - b.start || a.count - b.count

function mergeItems(items: readonly Placed[], mayRead: (whole: Span, hole: Span) => boolean): Placed[][] {
  const sorted = [...items].sort((a, b) => byAddress(a.item, b.item))
  const merged: Placed[][] = []
  let open: Placed[] = []
  let end = 0
  for (const placed of sorted) {
    const span = spanOf(placed.item)
    const start = open[0]?.item.start
    const grownEnd = Math.max(end, span.end)
    if (start !== undefined && !mayRead({ start, end: grownEnd }, { start: end, end: span.start })) {
      merged.push(open)
      open = []
    }
    end = open.length === 0 ? span.end : grownEnd
    open.push(placed)
  }
  if (open.length > 0) merged.push(open)
  return merged
}

/** The block grown by tags of slower groups; a device that refuses it is asked for it without them. */
function withRiders(alone: ModbusBlock, riders: readonly Placed[]): ModbusBlock {
  if (riders.length === 0) return alone
  const items = [...alone.items, ...riders.map(({ item }) => item)].sort(byAddress)
  return { ...blockOf(alone.unitId, alone.area, items), riders: riders.map(({ item }) => item.tag), alone }
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
