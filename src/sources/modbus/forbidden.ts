import type { ModbusDeviceConfig } from '../../core/plant.ts'
import type { Problem } from '../../core/problem.ts'
import { type Area, areas, LAST_ADDRESS } from './address.ts'

/** Registers or bits, first to last, that must never be asked for. */
export interface ForbiddenRange {
  readonly area: Area
  readonly first: number
  readonly last: number
}

const pattern = new RegExp(`^(${areas.join('|')}):(\\d{1,5})(?:-(\\d{1,5}))?$`)

/** Reads `holding:100-199` or `coil:7`; undefined for anything else. */
export function parseForbidden(text: string): ForbiddenRange | undefined {
  const [, area, from, to = from] = pattern.exec(text) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (area === undefined || last < first || last > LAST_ADDRESS) return undefined
  return { area: area as Area, first, last }
}

/** The device's ranges; what cannot be read was refused by `forbiddenProblems`. */
export const forbiddenOf = ({ forbidden = [] }: ModbusDeviceConfig): ForbiddenRange[] =>
  forbidden.map(parseForbidden).filter((range) => range !== undefined)

/** The range that a request for `count` from `start` would touch, if any. */
export const forbiddenBy = (
  ranges: readonly ForbiddenRange[],
  area: Area,
  start: number,
  count: number,
): ForbiddenRange | undefined =>
  ranges.find((range) => range.area === area && range.first < start + count && start <= range.last)

/** Ranges that are written wrongly; paths relative to the device. */
export function forbiddenProblems({ forbidden = [] }: ModbusDeviceConfig): Problem[] {
  return forbidden.flatMap((written, position) =>
    parseForbidden(written)
      ? []
      : [
          {
            path: `forbidden[${position}]`,
            value: JSON.stringify(written),
            message: `This is no range of addresses from 0 to ${LAST_ADDRESS}, the lower one first.`,
            mend: 'Write for example holding:100-199, or coil:7 for a single one.',
          },
        ],
  )
}
