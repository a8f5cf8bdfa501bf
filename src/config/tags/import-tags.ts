import { nearest } from '../../core/nearest.ts'
import type { SourceKind } from '../../core/plant.ts'
import type { Edit } from '../edit.ts'
import { saysTheSame, valueAtPlace } from '../places.ts'
import { allTagColumns, type CellKind, placeColumns, tagColumns } from './columns.ts'
import { type CsvLine, type CsvTable, readCsv } from './csv.ts'
import { listOf, textOf } from './export-tags.ts'

/** What is wrong with a row. */
export interface RowProblem {
  readonly line: number
  /** Absent: it is about the row. */
  readonly column?: string
  readonly message: string
}

/** `merge`: rows add and change tags; `replace`: tags of the devices that the file names, and that it has not, go too. */
export type ImportMode = 'merge' | 'replace'

export interface TagImport {
  /** What makes the tags as the file has them; empty where anything is wrong with it. */
  readonly edits: readonly Edit[]
  readonly rows: number
  readonly problems: readonly RowProblem[]
  /** The line of each tag, by its place: `sources/line/devices/pump/tags/level`. */
  readonly lines: ReadonlyMap<string, number>
}

const MOST_ROWS = 100_000
const MOST_PROBLEMS = 500

/**
 * What it takes to make the tags of a configuration (its values) those of comma-separated values. The first row names the
 * columns; a setting whose column is there and whose cell is empty is left out, one without a column stays as it is.
 */
export function importedTags(document: unknown, csv: string, mode: ImportMode): TagImport {
  const none = (problems: RowProblem[]): TagImport => ({ edits: [], rows: 0, problems, lines: new Map() })
  let table: CsvTable
  try {
    table = readCsv(csv, MOST_ROWS)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return none([{ line: Number(/\d+/.exec(error.message)?.[0] ?? 1), message: `${error.message}.` }])
  }
  const [head, ...rows] = table.rows
  if (!head)
    return none([
      { line: 1, message: 'The file is empty; its first row names the columns, such as device,key,type,address.' },
    ])
  const names = head.cells.map((cell) => cell.trim())
  const wrongHead = headProblems(names, head.line)
  if (wrongHead.length > 0) return none(wrongHead)
  return new Import(document, names, table.separator === ';', mode).run(rows)
}

function headProblems(names: readonly string[], line: number): RowProblem[] {
  const known = [...placeColumns, ...allTagColumns().keys()]
  const strange = names
    .filter((name) => name !== '' && !known.includes(name))
    .map((column) => {
      const meant = nearest(column, known)
      const mend = meant ? `Write ${meant}.` : `Known are ${known.join(', ')}.`
      return { line, column: column.slice(0, 60), message: `There is no such column. ${mend}` }
    })
  const missing = ['device', 'key'].filter((name) => !names.includes(name))
  const twice = names.filter((name, position) => name !== '' && names.indexOf(name) !== position)
  return [
    ...strange,
    ...missing.map((column) => ({
      line,
      column,
      message: 'This column is missing: device and key say which tag it is.',
    })),
    ...twice.map((column) => ({ line, column, message: 'This column is there twice.' })),
  ]
}

interface Found {
  readonly source: string
  readonly kind: SourceKind
  readonly tags: ReadonlyMap<string, unknown>
}

/** Makes the groups that it takes. Names are those of columns. */
function put(settings: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    settings[name] = value
    return
  }
  const group = (settings[name] ?? {}) as Record<string, unknown>
  settings[name] = group
  put(group, rest, value)
}

class Import {
  readonly #devices = new Map<string, Found>()
  readonly #names: readonly string[]
  readonly #hasCommas: boolean
  readonly #mode: ImportMode
  readonly #edits: Edit[] = []
  readonly #problems: RowProblem[] = []
  readonly #lines = new Map<string, number>()
  readonly #columns = new Map<SourceKind, ReadonlyMap<string, CellKind>>()

  constructor(document: unknown, names: readonly string[], hasCommas: boolean, mode: ImportMode) {
    this.#names = names
    this.#hasCommas = hasCommas
    this.#mode = mode
    for (const source of listOf(document, 'sources')) {
      for (const device of listOf(source, 'devices')) {
        const tags = new Map(listOf(device, 'tags').map((tag) => [textOf(tag, 'key'), tag]))
        const kind = textOf(source, 'kind') as SourceKind
        this.#devices.set(textOf(device, 'key'), { source: textOf(source, 'key'), kind, tags })
      }
    }
  }

  run(rows: readonly CsvLine[]): TagImport {
    const named = new Map<string, Set<string>>()
    for (const row of rows) {
      const place = this.#placeOf(row)
      if (!place) continue
      const { device, key } = place
      const keys = named.get(device) ?? new Set()
      named.set(device, keys)
      if (keys.has(key)) this.#complain(row, 'key', `The tag ${device}/${key} is there twice in the file.`)
      else this.#take(row, place)
      keys.add(key)
    }
    if (this.#mode === 'replace') this.#removeOthers(named)
    const problems = this.#problems.slice(0, MOST_PROBLEMS)
    return { edits: problems.length > 0 ? [] : this.#edits, rows: rows.length, problems, lines: this.#lines }
  }

  #placeOf(row: CsvLine): { device: string; key: string; found: Found } | undefined {
    const cell = (name: string) => row.cells[this.#names.indexOf(name)]?.trim() ?? ''
    const [device, key, source] = [cell('device'), cell('key'), cell('source')]
    const found = this.#devices.get(device)
    if (row.cells.length > this.#names.length)
      this.#complain(row, undefined, `It has ${row.cells.length} cells; the first row has ${this.#names.length}.`)
    else if (!found)
      this.#complain(row, 'device', `There is no device "${device.slice(0, 63)}"; add it first, or correct its key.`)
    else if (source !== '' && source !== found.source)
      this.#complain(row, 'source', `The device "${device}" belongs to the source "${found.source}".`)
    else if (key === '') this.#complain(row, 'key', 'A tag needs a key.')
    else return { device, key, found }
    return undefined
  }

  #take(row: CsvLine, { device, key, found }: { device: string; key: string; found: Found }): void {
    const list = ['sources', found.source, 'devices', device, 'tags']
    this.#lines.set([...list, key].join('/'), row.line)
    const columns = this.#columns.get(found.kind) ?? tagColumns(found.kind)
    this.#columns.set(found.kind, columns)
    const before = found.tags.get(key)
    const fresh: Record<string, unknown> = { key }
    for (const [position, name] of this.#names.entries()) {
      if (name === '' || name === 'key' || name === 'source' || name === 'device') continue
      const cell = row.cells[position] ?? ''
      const kind = columns.get(name)
      const value = this.#valueOf(row, name, kind, cell)
      if (before !== undefined) this.#change([...list, key], before, name.split('.'), value)
      else if (value !== undefined) put(fresh, name.split('.'), value)
    }
    if (before === undefined) this.#edits.push({ add: list, value: fresh })
  }

  #change(tag: readonly string[], before: unknown, path: readonly string[], value: unknown): void {
    const was = valueAtPlace(before, path)
    if (saysTheSame(was, value)) return
    this.#edits.push(value === undefined ? { remove: [...tag, ...path] } : { set: [...tag, ...path], value })
  }

  /** What a cell says; undefined: nothing, or nothing that can be understood, which is complained about. */
  #valueOf(row: CsvLine, name: string, kind: CellKind | undefined, cell: string): unknown {
    const text = cell.trim()
    if (text === '') return undefined
    const number = this.#hasCommas && /^-?\d+,\d+(?:[eE][+-]?\d+)?$/.test(text) ? text.replace(',', '.') : text
    const isNumber = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(number)
    if (kind === undefined)
      return this.#complain(row, name, 'Tags of this kind of source have no such setting: leave the cell empty.')
    if (kind === 'text') return text
    if (kind === 'either') return isNumber ? Number(number) : text
    if (kind === 'number')
      return isNumber ? Number(number) : this.#complain(row, name, `"${text.slice(0, 60)}" is no number.`)
    if (kind === 'flag') {
      if (/^(?:true|yes|1)$/i.test(text)) return true
      if (/^(?:false|no|0)$/i.test(text)) return false
      return this.#complain(row, name, `"${text.slice(0, 60)}" is neither true nor false.`)
    }
    try {
      return JSON.parse(text) as unknown
    } catch {
      return this.#complain(row, name, `"${text.slice(0, 60)}" is no JSON, which this column takes.`)
    }
  }

  /** Of the devices that the file names, the tags that it has not. */
  #removeOthers(named: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const [device, keys] of named) {
      const found = this.#devices.get(device)
      for (const key of found?.tags.keys() ?? []) {
        if (found && !keys.has(key))
          this.#edits.push({ remove: ['sources', found.source, 'devices', device, 'tags', key] })
      }
    }
  }

  #complain({ line }: CsvLine, column: string | undefined, message: string): undefined {
    this.#problems.push({ line, ...(column === undefined ? {} : { column }), message })
    return undefined
  }
}
