import type { Milliseconds } from '../core/clock.ts'

/** Addresses from `start` up to, but not with, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What a protocol knows of the items that its requests are made of. */
export interface Sharing<Item> {
  /** What can be read together at all: the register area, the data block. */
  placeOf(item: Item): string
  spanOf(item: Item): Span
  /** The cheapest reads of items that are due together. */
  merge(items: readonly Item[]): readonly (readonly Item[])[]
  /** How many addresses cost as much as another read, in the place of the item. */
  costOf(item: Item): number
  /** Whether one read may be all of `whole`, in the place of the item; `hole` is what no tag of it names. */
  mayRead(item: Item, whole: Span, hole: Span): boolean
}

/** One read of a group: its own items, and those of slower groups that come along with it. */
export interface SharedRead<Item> {
  readonly items: readonly Item[]
  readonly riders: readonly Item[]
}

export interface SharedGroup<Item> {
  readonly reads: readonly SharedRead<Item>[]
  /** The reads whose items all come along with those of faster groups; they are made while these are not. */
  readonly spare: readonly (readonly Item[])[]
}

interface Host<Item> {
  readonly period: Milliseconds
  readonly items: readonly Item[]
  readonly riders: Item[]
  span: Span
}

/**
 * What a faster group reads anyway is not read a second time for a slower one: items within its reads come along for
 * nothing, and whole reads beside them do where the longer read, as often as it is made, costs less than one of their
 * own. The groups ascend by period.
 */
export function shareReads<Item>(
  groups: readonly { readonly period: Milliseconds; readonly items: readonly Item[] }[],
  sharing: Sharing<Item>,
): SharedGroup<Item>[] {
  const hosts = new Map<string, Host<Item>[]>()
  const planned = groups.map(({ period, items }) => {
    const at = (item: Item) => hosts.get(sharing.placeOf(item)) ?? []
    const within: Item[] = []
    const apart: Item[] = []
    for (const item of items) {
      const span = sharing.spanOf(item)
      const host = at(item).find((each) => each.span.start <= span.start && span.end <= each.span.end)
      host?.riders.push(item)
      ;(host ? within : apart).push(item)
    }
    const own: Host<Item>[] = []
    const beside: (readonly Item[])[] = []
    for (const run of sharing.merge(apart)) {
      const [first] = run as readonly [Item]
      const span = coverOf(run.map((item) => sharing.spanOf(item)))
      const host = at(first).find((each) => isCheaper(each, span, { period, sharing, first }))
      if (host) {
        host.riders.push(...run)
        host.span = coverOf([host.span, span])
        beside.push(run)
      } else own.push({ period, items: run, riders: [], span })
    }
    for (const host of own) {
      const place = sharing.placeOf(host.items[0] as Item)
      hosts.set(place, [...(hosts.get(place) ?? []), host])
    }
    return { own, spare: [...sharing.merge(within), ...beside] }
  })
  return planned.map(({ own, spare }) => ({ reads: own, spare }))
}

/** Whether it costs less to read `span` with each read of the host than by itself with each cycle of its own. */
function isCheaper<Item>(
  host: Host<Item>,
  span: Span,
  of: { readonly period: Milliseconds; readonly sharing: Sharing<Item>; readonly first: Item },
): boolean {
  const { period, sharing, first } = of
  const whole = coverOf([host.span, span])
  const more = length(whole) - length(host.span)
  if (more / host.period > (sharing.costOf(first) + length(span)) / period) return false
  const after = span.start >= host.span.end
  const hole = after ? { start: host.span.end, end: span.start } : { start: span.end, end: host.span.start }
  return sharing.mayRead(first, whole, hole)
}

const length = ({ start, end }: Span): number => end - start

const coverOf = (spans: readonly Span[]): Span => ({
  start: Math.min(...spans.map(({ start }) => start)),
  end: Math.max(...spans.map(({ end }) => end)),
})
