import { rounded } from '../../core/transform/transform.ts'

/** A calculation with numbers alone. What it answers for numbers that it is not defined for is not finite. */
export interface Calculation {
  /** How many numbers it takes, at least and at most. */
  readonly takes: readonly [number, number]
  readonly of: (...numbers: number[]) => number
}

const ANY = Number.POSITIVE_INFINITY

/** Functions of numbers. */
export const calculations: ReadonlyMap<string, Calculation> = new Map(
  Object.entries({
    abs: { takes: [1, 1], of: Math.abs },
    min: { takes: [1, ANY], of: Math.min },
    max: { takes: [1, ANY], of: Math.max },
    round: { takes: [1, 2], of: roundTo },
    floor: { takes: [1, 1], of: Math.floor },
    ceil: { takes: [1, 1], of: Math.ceil },
    sqrt: { takes: [1, 1], of: Math.sqrt },
    pow: { takes: [2, 2], of: Math.pow },
    exp: { takes: [1, 1], of: Math.exp },
    ln: { takes: [1, 1], of: Math.log },
    log10: { takes: [1, 1], of: Math.log10 },
    clamp: {
      takes: [3, 3],
      of: (value: number, low: number, high: number) =>
        low > high ? Number.NaN : Math.min(Math.max(value, low), high),
    },
  } satisfies Record<string, Calculation>),
)

/** Functions that are more than a calculation with numbers; `compile.ts` has them. */
const special: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['if', [3, 3]],
  ['bit', [2, 2]],
  ['good', [1, 1]],
  ['valid', [1, 1]],
  ['age', [1, 1]],
])

export const functionNames: readonly string[] = [...calculations.keys(), ...special.keys()]

/** How many values the function takes, at least and at most; undefined where there is no such function. */
export const argumentsOf = (name: string): readonly [number, number] | undefined =>
  calculations.get(name)?.takes ?? special.get(name)

/** To whole numbers, or to digits behind the decimal point, half away from zero. */
function roundTo(value: number, digits = 0): number {
  if (!Number.isInteger(digits) || digits < 0 || digits > 15) return Number.NaN
  return rounded(value, 10 ** digits)
}
