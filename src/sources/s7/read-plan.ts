import type { IndexedTag } from '../../core/tag-index.ts'
import type { ReadBlock } from '../driver.ts'
import { areaCodes, type S7Area } from './areas.ts'
import {
  LARGEST_PDU,
  payloadOf,
  REPLY_HEADER,
  REPLY_ITEM_HEADER,
  REQUEST_HEADER,
  REQUEST_ITEM,
  SMALLEST_PDU,
} from './pdu-budget.ts'
import type { S7Item } from './resolve.ts'

export interface PlannedTag {
  readonly tag: IndexedTag
  readonly item: S7Item
}

/** Consecutive bytes of one area or data block: one item of a read request. */
export interface ByteArea {
  readonly area: S7Area
  readonly db: number
  /** First byte in the area. */
  readonly start: number
  /** Bytes. */
  readonly length: number
  readonly tags: readonly PlannedTag[]
}

/** What the poller asks for at once: one request to a CPU of the largest PDU, some more to a smaller one. */
export interface S7ReadBlock extends ReadBlock {
  readonly areas: readonly ByteArea[]
}

/**
 * An item costs 12 bytes in the request and 4 in the reply, so reading this many bytes for nothing is cheaper. Not of
 * peripheral inputs: no module need be there.
 */
const WIDEST_GAP = 16

/**
 * The areas that cover the tags: ascending, merged over small gaps, at most `longest` bytes, and no tag in two.
 * Only a single value that is itself longer (a text, an array) makes a longer area, of its own.
 */
export function planAreas(tags: readonly PlannedTag[], longest: number): ByteArea[] {
  const sorted = [...tags].sort((a, b) => order(a.item, b.item))
  const areas: ByteArea[] = []
  let open: PlannedTag[] = []
  let end = 0
  const close = () => {
    if (open.length > 0) areas.push(areaOf(open))
    open = []
  }
  for (const planned of sorted) {
    const { item } = planned
    if (item.length > longest) {
      areas.push(areaOf([planned]))
      continue
    }
    const first = open[0]?.item
    const itemEnd = item.offset + item.length
    const joins =
      first !== undefined &&
      first.area === item.area &&
      first.db === item.db &&
      item.offset - end <= (item.area === 'PI' ? 0 : WIDEST_GAP) &&
      Math.max(end, itemEnd) - first.offset <= longest
    if (!joins) close()
    end = joins ? Math.max(end, itemEnd) : itemEnd
    open.push(planned)
  }
  close()
  return areas.sort(inRequestOrder)
}

/** The areas in groups that each fit one request and one reply of the PDU; of a longer area, what fits a reply counts. */
export function packAreas(areas: readonly ByteArea[], pdu: number, maxItems: number): ByteArea[][] {
  const mostItems = Math.min(maxItems, Math.floor((pdu - REQUEST_HEADER) / REQUEST_ITEM))
  const packs: ByteArea[][] = []
  let pack: ByteArea[] = []
  let reply = REPLY_HEADER
  const longest = payloadOf(pdu)
  for (const area of areas) {
    const length = Math.min(area.length, longest)
    const cost = REPLY_ITEM_HEADER + length + (length & 1)
    if (pack.length > 0 && (pack.length === mostItems || reply + cost > pdu)) {
      packs.push(pack)
      pack = []
      reply = REPLY_HEADER
    }
    pack.push(area)
    reply += cost
  }
  if (pack.length > 0) packs.push(pack)
  return packs
}

/** The blocks that read the tags of one poll group. */
export function planBlocks(tags: readonly PlannedTag[], maxItems: number): S7ReadBlock[] {
  const areas = planAreas(tags, payloadOf(SMALLEST_PDU))
  return packAreas(areas, LARGEST_PDU, maxItems).map((pack) => ({
    areas: pack,
    tags: pack.flatMap((area) => area.tags.map((planned) => planned.tag)),
  }))
}

/**
 * The area in two, cut at the widest gap between its tags, or in the middle where they leave none; in areas of one
 * tag each where every cut would go through a tag.
 */
export function splitArea(area: ByteArea): readonly ByteArea[] {
  const { tags } = area
  let cut = 0
  let widest = -1
  let end = 0
  for (const [position, { item }] of tags.entries()) {
    const gap = item.offset - end
    const centred = Math.abs(2 * position - tags.length) < Math.abs(2 * cut - tags.length)
    if (position > 0 && gap >= 0 && (gap > widest || (gap === widest && centred))) {
      cut = position
      widest = gap
    }
    end = Math.max(end, item.offset + item.length)
  }
  if (cut === 0) return tags.map((planned) => areaOf([planned]))
  return [areaOf(tags.slice(0, cut)), areaOf(tags.slice(cut))]
}

/** The order in which a request names its items: by area, data block, then byte, longer ones first. */
export const inRequestOrder = (a: ByteArea, b: ByteArea): number =>
  areaCodes[a.area] - areaCodes[b.area] || a.db - b.db || a.start - b.start || b.length - a.length

/** `tags` ascending by byte, not empty. */
function areaOf(tags: readonly PlannedTag[]): ByteArea {
  const [{ item }] = tags as readonly [PlannedTag]
  const end = Math.max(...tags.map((planned) => planned.item.offset + planned.item.length))
  return { area: item.area, db: item.db, start: item.offset, length: end - item.offset, tags }
}

const order = (a: S7Item, b: S7Item): number =>
  areaCodes[a.area] - areaCodes[b.area] || a.db - b.db || a.offset - b.offset || b.length - a.length
