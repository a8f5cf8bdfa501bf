import { type EUInformation, makeEUInformation } from 'node-opcua'
import { unitSymbol } from '../../core/unit-spellings.ts'

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
    in: ['INH', 'inch'],
    ft: ['FOT', 'foot'],
    yd: ['YRD', 'yard'],
    mi: ['SMI', 'mile (statute mile)'],
    'm²': ['MTK', 'square metre'],
    'm³': ['MTQ', 'cubic metre'],
    l: ['LTR', 'litre'],
    ml: ['MLT', 'millilitre'],
    'in³': ['INQ', 'cubic inch'],
    'ft³': ['FTQ', 'cubic foot'],
    gal: ['GLL', 'gallon (US)'],
    'm³/h': ['MQH', 'cubic metre per hour'],
    'm³/s': ['MQS', 'cubic metre per second'],
    'l/h': ['E32', 'litre per hour'],
    'l/min': ['L2', 'litre per minute'],
    'l/s': ['G51', 'litre per second'],
    'ft³/min': ['2L', 'cubic foot per minute'],
    'gal/min': ['G2', 'US gallon per minute'],
    'm/s': ['MTS', 'metre per second'],
    'km/h': ['KMH', 'kilometre per hour'],
    'm/s²': ['MSK', 'metre per second squared'],
    'mm/s': ['C16', 'millimetre per second'],
    mph: ['HM', 'mile per hour (statute mile)'],
    kn: ['KNT', 'knot'],
    g: ['GRM', 'gram'],
    kg: ['KGM', 'kilogram'],
    t: ['TNE', 'tonne (metric ton)'],
    lb: ['LBR', 'pound'],
    oz: ['ONZ', 'ounce (avoirdupois)'],
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
    atm: ['ATM', 'standard atmosphere'],
    mmHg: ['HN', 'conventional millimetre of mercury'],
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
    BTU: ['BTU', 'British thermal unit (international table)'],
    GWh: ['GWH', 'gigawatt hour'],
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

/** Says that UnitId is a UNECE code (OPC 10000-8 §5.6.4). */
const UNECE_NAMESPACE = 'http://www.opcfoundation.org/UA/units/un/cefact'

/**
 * EngineeringUnits for a unit as the operator writes it. A unit without a known UNECE code keeps its name and gets the
 * UnitId -1, "not available", and no namespace (OPC 10000-8 §5.6.4).
 */
export function engineeringUnits(unit: string): EUInformation {
  const symbol = unitSymbol(unit)
  const entry = unece.get(symbol)
  const information = makeEUInformation(entry?.[0] ?? '', symbol, entry?.[1] ?? unit)
  information.namespaceUri = entry ? UNECE_NAMESPACE : ''
  information.unitId = entry ? unitId(entry[0]) : -1
  return information
}

/** The characters of the common code as one number, the last character lowest (OPC 10000-8 §5.6.4). */
const unitId = (code: string): number => [...code].reduce((id, character) => (id << 8) | character.charCodeAt(0), 0)
