import type { PlantMirror } from '../http/live/plant-mirror.ts'

/** How far a reader is: it knows everything up to this change of this mirror. */
export const cursorOf = ({ epoch }: PlantMirror, change: number): string => `${epoch}:${change}`

/** The change up to which a reader with this cursor knows the mirror; undefined: it is of another one, or none. */
export function changeOf(cursor: string, { epoch, change }: PlantMirror): number | undefined {
  const [of, number = ''] = cursor.split(':', 2)
  if (of !== epoch || !/^\d{1,15}$/.test(number)) return undefined
  return Math.min(Number(number), change)
}
