import type { TagValue } from './data-type.ts'

/**
 * Whether a value is so near to the last one that clients heard that they need not hear it (as an absolute deadband of
 * OPC 10000-4 §7.22.2: not farther away than `width`).
 */
export function isWithin(width: number, last: TagValue, value: TagValue): boolean {
  if (typeof last === 'bigint' && typeof value === 'bigint') {
    const distance = value - last
    return distance <= width && -distance <= width
  }
  return typeof last === 'number' && typeof value === 'number' && Math.abs(value - last) <= width
}
