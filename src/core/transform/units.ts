import { unitSymbol } from '../unit-spellings.ts'
import { composed, inverse, type Line } from './line.ts'

/** A unit by the line from it to the first unit of its quantity; numerator and denominator are exact by definition. */
type Definition = readonly [numerator: bigint, denominator: bigint, offset?: bigint]

const once: Definition = [1n, 1n]

/** Pound-force in newtons: 0.45359237 kg × 9.80665 m/s²; a square inch has 0.0254² m². */
const POUND_FORCE = 45_359_237n * 980_665n
const POUND_FORCE_OVER = 10n ** 13n

/**
 * Units that convert into one another, by quantity, as the International System (BIPM brochure, 9th edition), the
 * international yard and pound agreement of 1959 and ISO 31-4 (international table BTU and calorie) define them.
 * Gallons are US liquid gallons.
 */
const quantities: Readonly<Record<string, Readonly<Record<string, Definition>>>> = {
  temperature: { K: once, '°C': [100n, 100n, 27_315n], '°F': [500n, 900n, 229_835n] },
  pressure: {
    Pa: once,
    hPa: [100n, 1n],
    kPa: [1_000n, 1n],
    MPa: [1_000_000n, 1n],
    mbar: [100n, 1n],
    bar: [100_000n, 1n],
    psi: [POUND_FORCE * 100_000_000n, POUND_FORCE_OVER * 64_516n],
    atm: [101_325n, 1n],
    mmHg: [133_322_387_415n, 10n ** 9n],
    mmH2O: [980_665n, 100_000n],
  },
  length: {
    m: once,
    mm: [1n, 1_000n],
    cm: [1n, 100n],
    km: [1_000n, 1n],
    in: [254n, 10_000n],
    ft: [3_048n, 10_000n],
    yd: [9_144n, 10_000n],
    mi: [1_609_344n, 1_000n],
  },
  volume: {
    'm³': once,
    l: [1n, 1_000n],
    ml: [1n, 1_000_000n],
    'in³': [16_387_064n, 10n ** 12n],
    'ft³': [28_316_846_592n, 10n ** 12n],
    gal: [3_785_411_784n, 10n ** 12n],
  },
  flow: {
    'm³/s': once,
    'm³/min': [1n, 60n],
    'm³/h': [1n, 3_600n],
    'l/s': [1n, 1_000n],
    'l/min': [1n, 60_000n],
    'l/h': [1n, 3_600_000n],
    'ft³/min': [28_316_846_592n, 60n * 10n ** 12n],
    'gal/min': [3_785_411_784n, 60n * 10n ** 12n],
  },
  energy: {
    J: once,
    kJ: [1_000n, 1n],
    MJ: [1_000_000n, 1n],
    GJ: [10n ** 9n, 1n],
    Wh: [3_600n, 1n],
    kWh: [3_600_000n, 1n],
    MWh: [3_600_000_000n, 1n],
    GWh: [3_600_000_000_000n, 1n],
    kcal: [41_868n, 10n],
    BTU: [105_505_585_262n, 10n ** 8n],
  },
  power: {
    W: once,
    kW: [1_000n, 1n],
    MW: [1_000_000n, 1n],
    'BTU/h': [105_505_585_262n, 3_600n * 10n ** 8n],
    hp: [POUND_FORCE * 550n * 3_048n, POUND_FORCE_OVER * 10_000n],
    PS: [75n * 980_665n, 100_000n],
  },
  mass: {
    kg: once,
    g: [1n, 1_000n],
    t: [1_000n, 1n],
    lb: [45_359_237n, 100_000_000n],
    oz: [45_359_237n, 1_600_000_000n],
  },
  speed: {
    'm/s': once,
    'mm/s': [1n, 1_000n],
    'km/h': [1_000n, 3_600n],
    'ft/s': [3_048n, 10_000n],
    mph: [1_609_344n, 3_600_000n],
    kn: [1_852n, 3_600n],
  },
}

/** Every unit that converts into others, with all of those that it converts into. */
export function convertibleWith(unit: string): readonly string[] {
  const symbol = unitSymbol(unit)
  const quantity = Object.values(quantities).find((units) => Object.hasOwn(units, symbol))
  return quantity ? Object.keys(quantity).filter((each) => each !== symbol) : []
}

/** All units that convert into others. */
export const convertibleUnits: readonly string[] = Object.values(quantities).flatMap((units) => Object.keys(units))

/** The line from one unit to another, exact; undefined where they do not measure the same. */
export function conversion(from: string, to: string): Line | undefined {
  const [source, target] = [unitSymbol(from), unitSymbol(to)]
  const units = Object.values(quantities).find((each) => Object.hasOwn(each, source) && Object.hasOwn(each, target))
  const [start, end] = [units?.[source], units?.[target]]
  return start && end ? composed(inverse(lineOf(end)), lineOf(start)) : undefined
}

const lineOf = ([a, d, b = 0n]: Definition): Line => ({ a, b, d })
