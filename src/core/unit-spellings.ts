/** Other ways in which operators write the same units. */
const spellings: ReadonlyMap<string, string> = new Map(
  Object.entries({
    C: '°C',
    degC: '°C',
    F: '°F',
    degF: '°F',
    m2: 'm²',
    m3: 'm³',
    ft3: 'ft³',
    in3: 'in³',
    'm3/h': 'm³/h',
    'm3/s': 'm³/s',
    'm3/min': 'm³/min',
    'ft3/min': 'ft³/min',
    cfm: 'ft³/min',
    gpm: 'gal/min',
    L: 'l',
    mL: 'ml',
    'L/h': 'l/h',
    'L/min': 'l/min',
    'L/s': 'l/s',
    'm/s2': 'm/s²',
    'kg/m3': 'kg/m³',
    'mg/L': 'mg/l',
    'ug/m3': 'µg/m³',
    'μg/m³': 'µg/m³',
    Ohm: 'Ω',
    ohm: 'Ω',
    '\u2126': 'Ω',
    'W/m2': 'W/m²',
    'uS/cm': 'µS/cm',
    'μS/cm': 'µS/cm',
  }),
)

/** The unit as Penstock knows it, however it was written. */
export const unitSymbol = (written: string): string => spellings.get(written) ?? written
