import type { ExpressionFault } from './parse.ts'

/** An expression with a mark such as `$0` in the place of each tag, as many characters long as it was. */
export interface Scanned {
  readonly text: string
  /** The tag of each mark, `<device key>/<tag key>`. */
  readonly references: readonly string[]
}

const LONGEST = 1_000
/** Deeper is nothing that a person reads, and the parser goes down a step for each. */
const DEEPEST = 50

/** Keys are as long as they may be written; those of windows are longer by what they add. */
const reference = /^[a-z0-9][a-z0-9_-]{0,62}\/[a-z0-9][a-z0-9_-]{0,78}$/

/** Keys have `-` and `/` in them, which are operators to the parser: so tags are replaced before it sees them. */
export function scan(text: string): Scanned | ExpressionFault {
  if (text.length > LONGEST) {
    return { message: `It has more than ${LONGEST} characters.`, mend: 'Make several calculated tags of it.' }
  }
  const references: string[] = []
  let marked = ''
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '"' || character === "'") {
      const end = endOfText(text, at)
      marked += text.slice(at, end)
      at = end - 1
    } else if (character === '[') {
      const close = text.indexOf(']', at)
      const id = text.slice(at + 1, close < 0 ? undefined : close).trim()
      if (close < 0 || !reference.test(id)) return noReference(id, at)
      marked += `$${references.length}`.padEnd(close + 1 - at)
      references.push(id)
      at = close
    } else if ('$`\\{};#@'.includes(character)) {
      return { message: `The character ${character} means nothing here.`, mend: 'Remove it.' }
    } else {
      if (character === '(') depth++
      if (character === ')') depth--
      if (depth > DEEPEST) {
        return {
          message: `Brackets stand in one another more than ${DEEPEST} deep.`,
          mend: 'Make several calculated tags of it.',
        }
      }
      marked += character
    }
  }
  return { text: marked, references }
}

/** Behind the closing quote, or the end where there is none, which the parser says. */
function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[from]) return at + 1
  }
  return text.length
}

const noReference = (id: string, at: number): ExpressionFault => ({
  message: `No tag is named at character ${at + 1}: "${id.length > 40 ? `${id.slice(0, 37)}...` : id}".`,
  mend: 'Write a tag as [device key/tag key], such as [boiler-1/flow].',
})
