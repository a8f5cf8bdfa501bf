import { type ImportFormat, UnreadableImport } from './imported.ts'

/** A project of 100,000 tags has as many groups of values, each with some twenty values. */
const MOST_GROUPS = 500_000
const MOST_VALUES = 3_000_000
const DEEPEST = 10_000

/** What separates values, or makes groups, in each format. */
const separators: Readonly<Record<ImportFormat, string>> = {
  'kepware-json': ',',
  'kepware-csv': ',;\t\n',
  // A dotted name makes a table for each of its dots.
  opcgw: ',.\n',
}

/**
 * Throws UnreadableImport where the file has far more in it than a plant, which some characters each are enough for:
 * whatever reads it would take so much memory that V8 ends the whole process, not only the thread that reads.
 */
export function checkSize(file: string, format: ImportFormat): void {
  const isSeparator = codesOf(separators[format])
  const isJson = format === 'kepware-json'
  const [opening, closing] = [codesOf('[{'), codesOf(']}')]
  let [groups, values, depth] = [0, 0, 0]
  for (let at = 0; at < file.length; at++) {
    const code = file.charCodeAt(at)
    if (code > 127) continue
    if (isJson && code === QUOTE) at = endOfText(file, at)
    else if (opening[code]) {
      groups++
      depth++
    } else if (closing[code]) depth--
    else if (isSeparator[code]) values++
    // In TOML and CSV a text may have brackets of its own.
    if (isJson && depth > DEEPEST) throw new UnreadableImport(`It is nested more than ${DEEPEST} deep.`)
  }
  if (groups <= MOST_GROUPS && values <= MOST_VALUES) return
  throw new UnreadableImport(
    `It has ${groups} groups and ${values} values; ${MOST_GROUPS} and ${MOST_VALUES} are the most: import channel by channel.`,
  )
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Where the text ends that begins here. */
function endOfText(file: string, from: number): number {
  for (let at = from + 1; at < file.length; at++) {
    const code = file.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return file.length
}

function codesOf(characters: string): readonly boolean[] {
  const codes = Array.from({ length: 128 }, () => false)
  for (const character of characters) codes[character.charCodeAt(0)] = true
  return codes
}
