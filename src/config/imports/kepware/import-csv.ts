import { type CsvLine, readCsv } from '../../tags/csv.ts'
import { type ImportedTag, type ImportNote, Notes, UnreadableImport } from '../imported.ts'
import { type KepwareScaling, type KepwareTag, typeOfName } from './kepware-tag.ts'
import type { ModbusReading } from './modbus-tag.ts'
import { TagMaker } from './tag-maker.ts'

/** What CSV does not say: of which driver the device is, and how it reads. */
export interface CsvOptions {
  /** The device of the configuration that gets the tags. */
  readonly device: string
  readonly kind: 'modbus' | 's7'
  /** "Zero-Based Addressing" and "Zero-Based Bit Addressing" of the device there. */
  readonly zeroBased: boolean
  readonly zeroBasedBits: boolean
  /** Of the device here. */
  readonly bytesBig: boolean
}

const MOST_TAGS = 100_000

const columns = {
  name: ['tag name'],
  address: ['address'],
  type: ['data type'],
  access: ['client access'],
  rate: ['scan rate'],
  scaling: ['scaling'],
  rawLow: ['raw low'],
  rawHigh: ['raw high'],
  scaledLow: ['scaled low'],
  scaledHigh: ['scaled high'],
  scaledType: ['scaled data type'],
  clampLow: ['clamp low'],
  clampHigh: ['clamp high'],
  unit: ['eng units', 'engineering units'],
  description: ['description'],
  negate: ['negate value'],
} as const
type Column = keyof typeof columns

/**
 * The tags of a CSV file that KEPServerEX exported of one device, the first row the names of the columns. Yields after each
 * row. Throws UnreadableImport.
 */
export function* importKepwareCsv(
  text: string,
  options: CsvOptions,
): Generator<void, { readonly tags: readonly ImportedTag[]; readonly notes: readonly ImportNote[] }> {
  const [head, ...rows] = rowsOf(text)
  const names = head?.cells.map((cell) => cell.trim().toLowerCase()) ?? []
  const at = (column: Column) => names.findIndex((name) => (columns[column] as readonly string[]).includes(name))
  const places = Object.fromEntries(Object.keys(columns).map((column) => [column, at(column as Column)])) as Record<
    Column,
    number
  >
  const missing = (['name', 'address'] as const).filter((column) => places[column] < 0)
  if (missing.length > 0)
    throw new UnreadableImport(
      `The first row names the columns, as Tag Name,Address,Data Type,…; ${missing.map((column) => columns[column][0]).join(' and ')} is missing.`,
      head?.line ?? 1,
    )
  const notes = new Notes()
  const reading: ModbusReading = {
    ...options,
    has64Bit: true,
    longsAreDecimal: false,
    singleCoils: true,
    singleRegisters: true,
    maskWrites: false,
  }
  const maker = new TagMaker({ notes, modbus: options.kind === 'modbus' ? reading : undefined })
  const tags: ImportedTag[] = []
  for (const row of rows) {
    const tag = tagOf(row, (column) => row.cells[places[column]]?.trim() ?? '', notes)
    const made =
      tag &&
      maker.make(tag, {
        pollOf: (rate) =>
          rate === undefined ? undefined : `${Math.min(86_400_000, Math.max(50, Math.round(rate)))}ms`,
      })
    if (made) tags.push(made)
    yield
  }
  return { tags, notes: notes.all }
}

function rowsOf(text: string): readonly CsvLine[] {
  try {
    return readCsv(text, MOST_TAGS).rows
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new UnreadableImport(`${error.message}.`, Number(/\d+/.exec(error.message)?.[0] ?? 1))
  }
}

function tagOf({ line }: CsvLine, cell: (column: Column) => string, notes: Notes): KepwareTag | undefined {
  const name = cell('name')
  const at = { path: name || '?', line }
  const leaveOut = (message: string) => {
    notes.add('leftOut', at, message)
    return undefined
  }
  if (name === '' || cell('address') === '') return leaveOut(`It has no ${name === '' ? 'Tag Name' : 'Address'}.`)
  const dataType = typeOfName(cell('type'))
  if (!dataType) return leaveOut(`Its Data Type, "${cell('type').slice(0, 60)}", is not known.`)
  const scaling = scalingOf(cell)
  if (scaling === 'unknown')
    return leaveOut(`Its Scaling, "${cell('scaling').slice(0, 60)}", is not known, or its numbers are none.`)
  const rate = cell('rate')
  if (rate !== '' && numberOf(rate) === undefined)
    return leaveOut(`Its Scan Rate, "${rate.slice(0, 60)}", is no number of milliseconds.`)
  return {
    ...at,
    name,
    description: cell('description') || undefined,
    address: cell('address'),
    dataType,
    canWrite: /w/i.test(cell('access')),
    scanRate: numberOf(rate),
    scaling,
    unit: cell('unit') || undefined,
  }
}

const numberOf = (text: string): number | undefined =>
  /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text.replace(',', '.')) ? Number(text.replace(',', '.')) : undefined

const flagOf = (text: string): boolean => /^(?:1|true|yes)$/i.test(text)

function scalingOf(cell: (column: Column) => string): KepwareScaling | undefined | 'unknown' {
  const kind = cell('scaling').toLowerCase()
  if (kind === '' || kind === 'none') return undefined
  const [rawLow, rawHigh, low, high] = (['rawLow', 'rawHigh', 'scaledLow', 'scaledHigh'] as const).map((column) =>
    numberOf(cell(column)),
  )
  const type = typeOfName(cell('scaledType'))?.type ?? (cell('scaledType') === '' ? 'Double' : undefined)
  const isKnown = kind === 'linear' || /^square ?root$/.test(kind)
  if (!isKnown || rawLow === undefined || rawHigh === undefined || low === undefined || high === undefined || !type)
    return 'unknown'
  return {
    kind: kind === 'linear' ? 'linear' : 'squareRoot',
    raw: [rawLow, rawHigh],
    scaled: [low, high],
    type,
    clampLow: flagOf(cell('clampLow')),
    clampHigh: flagOf(cell('clampHigh')),
    negate: flagOf(cell('negate')),
  }
}
