/** A row as it stands in the file, with the line on which it begins, from 1. */
export interface CsvLine {
  readonly line: number
  readonly cells: readonly string[]
}

export interface CsvTable {
  /** What separates the cells: a spreadsheet of a country that writes 0,1 takes the semicolon. */
  readonly separator: ',' | ';' | '\t'
  readonly rows: readonly CsvLine[]
}

/** A cell that a spreadsheet would take for a formula begins with one of these (OWASP, CSV injection). */
const dangerous = /^'*[=+\-@\t\r]/
const plainNumber = /^-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$/

/** A cell as RFC 4180 has it; what a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvCell(text: string): string {
  const safe = dangerous.test(text) && !plainNumber.test(text) ? `'${text}` : text
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** What the cell said before `csvCell` made it safe. */
const unguarded = (text: string): string => (/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text)

/**
 * Reads a file with a row of names and rows of cells, separated by what separates most of the names. Cells may be quoted
 * and then span lines. Throws RangeError with the line where a quote is not closed, or with more than `most` rows.
 */
export function readCsv(text: string, most: number): CsvTable {
  const body = text.replace(/^\uFEFF/, '')
  const separator = separatorOf(body)
  const rows: CsvLine[] = []
  let line = 1
  let at = 0
  while (at < body.length) {
    const begun = line
    const cells: string[] = []
    for (let isEnd = false; !isEnd; ) {
      const cell = cellAt(body, at, separator)
      if (!cell) throw new RangeError(`line ${begun}: a quote is not closed`)
      cells.push(unguarded(cell.text))
      line += cell.lines
      at = cell.end
      isEnd = body[at] !== separator
      at += body.startsWith('\r\n', at) ? 2 : 1
    }
    line++
    if (cells.every((cell) => cell.trim() === '')) continue
    if (rows.length > most) throw new RangeError(`line ${begun}: there are more than ${most} rows`)
    rows.push({ line: begun, cells })
  }
  return { separator, rows }
}

/** Where a cell ends, what it says, and over how many line ends it goes; undefined: its quote is not closed. */
function cellAt(
  body: string,
  from: number,
  separator: string,
): { text: string; end: number; lines: number } | undefined {
  if (body[from] !== '"') {
    let end = from
    while (end < body.length && body[end] !== separator && body[end] !== '\n' && body[end] !== '\r') end++
    return { text: body.slice(from, end), end, lines: 0 }
  }
  let close = from + 1
  for (;;) {
    close = body.indexOf('"', close)
    if (close < 0) return undefined
    if (body[close + 1] !== '"') break
    close += 2
  }
  const text = body.slice(from + 1, close).replaceAll('""', '"')
  let end = close + 1
  while (end < body.length && body[end] !== separator && body[end] !== '\n' && body[end] !== '\r') end++
  return { text, end, lines: text.split('\n').length - 1 }
}

function separatorOf(body: string): CsvTable['separator'] {
  const head = /^[^\r\n]*/.exec(body)?.[0] ?? ''
  const count = (separator: string) => head.split(separator).length
  const [best = ','] = ([',', ';', '\t'] as const).toSorted((one, other) => count(other) - count(one))
  return best
}
