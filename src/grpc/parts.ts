import type { TagValue } from '../core/data-type.ts'

/** Of samples in one message, in bytes: far below what clients take, which is 4 MiB unless they say otherwise. */
const MOST_WEIGHT = 262_144
/** Of a sample with its times and the id of its tag. */
const SAMPLE = 100

/** About how many bytes a sample with this value takes in a message. */
export function weightOf(value: TagValue | null): number {
  if (typeof value === 'string') return SAMPLE + value.length * 2
  if (typeof value !== 'object' || value === null) return SAMPLE
  if (value instanceof Uint8Array) return SAMPLE + value.length
  return value.reduce<number>((sum, element) => sum + weightOf(element) / 4, SAMPLE)
}

/** The same elements in parts, each not much heavier than a message should be. */
export function inParts<Element>(all: readonly Element[], weigh: (element: Element) => number): Element[][] {
  const parts: Element[][] = []
  let part: Element[] = []
  let weight = 0
  for (const element of all) {
    weight += weigh(element)
    part.push(element)
    if (weight < MOST_WEIGHT) continue
    parts.push(part)
    part = []
    weight = 0
  }
  return part.length > 0 ? [...parts, part] : parts
}

/** Whether samples of this weight together are enough for one message. */
export const isFull = (weight: number): boolean => weight >= MOST_WEIGHT
