/** A row of comma-separated values; null is a field that is empty without quotes. */
export interface CsvRow {
  /** The line of the file on which it begins, from 1. */
  readonly line: number
  readonly fields: readonly (string | null)[]
}

/** The most characters of one row: whatever is longer is no row, but a quote that nobody closed. */
const LONGEST_ROW = 16_777_216

/** A field as RFC 4180 has it; an empty text has quotes, and null has none. */
export function csvField(text: string | null): string {
  if (text === null) return ''
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Reads comma-separated values as RFC 4180 has them, line by line; rows may span lines. A byte order mark and empty lines
 * are passed over. Throws RangeError, with the line, where a quote is not closed.
 */
export async function* readCsv(lines: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  let number = 0
  let begun = 0
  let row = ''
  /** Within quotes a line goes on: as long as there is an odd number of them. */
  let isOpen = false
  for await (const line of lines) {
    number++
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line
    if (row === '' && text.trim() === '') continue
    if (row === '') begun = number
    row = row === '' ? text : `${row}\n${text}`
    if (quotesIn(text) % 2 === 1) isOpen = !isOpen
    if (isOpen && row.length <= LONGEST_ROW) continue
    if (isOpen) break
    yield { line: begun, fields: fieldsOf(row) }
    row = ''
  }
  if (row !== '') throw new RangeError(`line ${begun}: a quote is not closed`)
}

const quotesIn = (text: string): number => text.split('"').length - 1

function fieldsOf(row: string): (string | null)[] {
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy
  const fields: (string | null)[] = []
  for (let match = pattern.exec(row); match; match = pattern.exec(row)) {
    const [, quoted, plain = '', end] = match
    fields.push(quoted === undefined ? (plain === '' ? null : plain) : quoted.replaceAll('""', '"'))
    if (end === '') break
  }
  return fields
}
