import type { Charset, Padding } from '../../core/plant.ts'
import { type Undecodable, undecodable } from './decoded.ts'

/**
 * Text of a fixed length out of bytes in their order. What is no text in the charset is undecodable, never replaced.
 * Padding: `trim` ends the text at the first NUL and drops spaces at its end, `nul` and `space` only the one, `keep`
 * neither.
 */
export function textDecoder(charset: Charset, padding: Padding): (bytes: Buffer) => string | Undecodable {
  const toText = characters(charset)
  return (bytes) => {
    const kept = padding === 'trim' || padding === 'nul' ? untilNul(bytes, charset) : bytes
    const text = toText(kept)
    if (text === undefined) return undecodable
    return padding === 'trim' || padding === 'space' ? text.replace(/ +$/, '') : text
  }
}

/** Before decoding, since what follows the NUL may be rubbish. */
function untilNul(bytes: Buffer, charset: Charset): Buffer {
  if (!charset.startsWith('utf-16')) {
    const end = bytes.indexOf(0)
    return end < 0 ? bytes : bytes.subarray(0, end)
  }
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (bytes[at] === 0 && bytes[at + 1] === 0) return bytes.subarray(0, at)
  }
  return bytes
}

function characters(charset: Charset): (bytes: Buffer) => string | undefined {
  switch (charset) {
    case 'ascii':
      return (bytes) => (bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : undefined)
    case 'latin1':
      return (bytes) => bytes.toString('latin1')
    default: {
      const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true })
      return (bytes) => {
        try {
          return decoder.decode(bytes)
        } catch (error) {
          if (error instanceof TypeError) return undefined
          throw error
        }
      }
    }
  }
}
