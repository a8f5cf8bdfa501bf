import type { Charset, Padding } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import { isUnwritable, type Unwritable, unwritable } from '../../core/transform/inverse.ts'

export interface TextRoom {
  readonly bytes: number
  readonly charset: Charset
  readonly padding: Padding
}

/**
 * A text in its charset, filled up to its room: with spaces where only these are padding, else with NULs; with `keep`
 * nothing is, and it must fill the room itself.
 */
export function encodeText(text: string, { bytes: room, charset, padding }: TextRoom): Buffer | Unwritable {
  const bytes = inCharset(text, charset)
  if (isUnwritable(bytes)) return bytes
  if (bytes.length > room) {
    const reason = `It takes ${bytes.length} bytes in ${charset}, and the tag has ${room}.`
    return unwritable(StatusCode.BadOutOfRange, reason)
  }
  if (padding === 'keep' && bytes.length < room) {
    const reason = `It takes ${bytes.length} bytes in ${charset}, and with "padding: keep" it must fill all ${room}.`
    return unwritable(StatusCode.BadOutOfRange, reason)
  }
  const fill = padding === 'space' ? inCharset(' ', charset) : Buffer.alloc(1)
  return Buffer.concat([bytes, Buffer.alloc(room - bytes.length, fill as Buffer)])
}

function inCharset(text: string, charset: Charset): Buffer | Unwritable {
  const foreign = charset === 'ascii' ? 0x80 : charset === 'latin1' ? 0x100 : undefined
  const misfit = foreign === undefined ? undefined : [...text].find((each) => (each.codePointAt(0) ?? 0) >= foreign)
  if (misfit !== undefined || !text.isWellFormed()) {
    const what = misfit === undefined ? 'half of a surrogate pair' : `"${misfit}"`
    return unwritable(StatusCode.BadOutOfRange, `It has a character that ${charset} does not have: ${what}.`)
  }
  if (charset === 'utf-16be') return Buffer.from(text, 'utf16le').swap16()
  return Buffer.from(text, charset === 'utf-16le' ? 'utf16le' : charset === 'utf-8' ? 'utf8' : 'latin1')
}
