import { type EUInformation, makeEUInformation } from 'node-opcua'

/** Units of UNECE Recommendation 20 that plants use: common code and what the code means. */
const unece = new Map<string, readonly [code: string, description: string]>(
  Object.entries({
    '%': ['P1', 'percent'],
    '‰': ['NX', 'part per thousand'],
    ppm: ['59', 'part per million'],
    ppb: ['61', 'part per billion (US)'],
    '°C': ['CEL', 'degree Celsius'],
    '°F': ['FAH', 'degree Fahrenheit'],
    K: ['KEL', 'kelvin'],
    mm: ['MMT', 'millimetre'],
    cm: ['CMT', 'centimetre'],
    m: ['MTR', 'metre'],
    km: ['KMT', 'kilometre'],
    'm²': ['MTK', 'square metre'],
    'm³': ['MTQ', 'cubic metre'],
    l: ['LTR', 'litre'],
    ml: ['MLT', 'millilitre'],
    'm³/h': ['MQH', 'cubic metre per hour'],
    'm³/s': ['MQS', 'cubic metre per second'],
    'l/h': ['E32', 'litre per hour'],
    'l/min': ['L2', 'litre per minute'],
    'l/s': ['G51', 'litre per second'],
    'm/s': ['MTS', 'metre per second'],
    'km/h': ['KMH', 'kilometre per hour'],
    'm/s²': ['MSK', 'metre per second squared'],
    'mm/s': ['C16', 'millimetre per second'],
    g: ['GRM', 'gram'],
    kg: ['KGM', 'kilogram'],
    t: ['TNE', 'tonne (metric ton)'],
    'kg/h': ['E93', 'kilogram per hour'],
    'kg/m³': ['KMQ', 'kilogram per cubic metre'],
    'mg/l': ['M1', 'milligram per litre'],
    'µg/m³': ['GQ', 'microgram per cubic metre'],
    Pa: ['PAL', 'pascal'],
    hPa: ['A97', 'hectopascal'],
    kPa: ['KPA', 'kilopascal'],
    MPa: ['MPA', 'megapascal'],
    mbar: ['MBR', 'millibar'],
    bar: ['BAR', 'bar [unit of pressure]'],
    psi: ['PS', 'pound-force per square inch'],
    N: ['NEW', 'newton'],
    kN: ['B47', 'kilonewton'],
    Nm: ['NU', 'newton metre'],
    mV: ['2Z', 'millivolt'],
    V: ['VLT', 'volt'],
    kV: ['KVT', 'kilovolt'],
    mA: ['4K', 'milliampere'],
    A: ['AMP', 'ampere'],
    Ω: ['OHM', 'ohm'],
    W: ['WTT', 'watt'],
    kW: ['KWT', 'kilowatt'],
    MW: ['MAW', 'megawatt'],
    VA: ['D46', 'volt - ampere'],
    kVA: ['KVA', 'kilovolt - ampere'],
    var: ['D44', 'var'],
    kvar: ['KVR', 'kilovar'],
    Wh: ['WHR', 'watt hour'],
    kWh: ['KWH', 'kilowatt hour'],
    MWh: ['MWH', 'megawatt hour (1000 kW.h)'],
    kvarh: ['K3', 'kilovolt ampere reactive hour'],
    J: ['JOU', 'joule'],
    kJ: ['KJO', 'kilojoule'],
    MJ: ['3B', 'megajoule'],
    GJ: ['GV', 'gigajoule'],
    Hz: ['HTZ', 'hertz'],
    kHz: ['KHZ', 'kilohertz'],
    '1/min': ['C94', 'reciprocal minute'],
    rpm: ['RPM', 'revolutions per minute'],
    ms: ['C26', 'millisecond'],
    s: ['SEC', 'second [unit of time]'],
    min: ['MIN', 'minute [unit of time]'],
    h: ['HUR', 'hour'],
    d: ['DAY', 'day'],
    '°': ['DD', 'degree [unit of angle]'],
    rad: ['C81', 'radian'],
    lx: ['LUX', 'lux'],
    'W/m²': ['D54', 'watt per square metre'],
    dB: ['2N', 'decibel'],
    dBm: ['DBM', 'decibel-milliwatts'],
    'µS/cm': ['G42', 'microsiemens per centimetre'],
    'mS/cm': ['H61', 'millisiemens per centimetre'],
    pH: ['Q30', 'pH (potential of Hydrogen)'],
  }),
)

/** Other ways in which operators write the same units. */
const spellings = new Map(
  Object.entries({
    C: '°C',
    degC: '°C',
    F: '°F',
    m2: 'm²',
    m3: 'm³',
    'm3/h': 'm³/h',
    'm3/s': 'm³/s',
    L: 'l',
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

/** Says that UnitId is a UNECE code (OPC 10000-8 §5.6.4). */
const UNECE_NAMESPACE = 'http://www.opcfoundation.org/UA/units/un/cefact'

/**
 * EngineeringUnits for a unit as the operator writes it. A unit without a known UNECE code keeps its name and gets the
 * UnitId -1, "not available", and no namespace (OPC 10000-8 §5.6.4).
 */
export function engineeringUnits(unit: string): EUInformation {
  const symbol = spellings.get(unit) ?? unit
  const entry = unece.get(symbol)
  const information = makeEUInformation(entry?.[0] ?? '', symbol, entry?.[1] ?? unit)
  information.namespaceUri = entry ? UNECE_NAMESPACE : ''
  information.unitId = entry ? unitId(entry[0]) : -1
  return information
}

/** The characters of the common code as one number, the last character lowest (OPC 10000-8 §5.6.4). */
const unitId = (code: string): number => [...code].reduce((id, character) => (id << 8) | character.charCodeAt(0), 0)
