/** Control characters, and those that change the direction of what follows: a name may be printed anywhere. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u
const FILL = /[\0 ]+$/

/**
 * What a device says of itself, as text that can be shown: UTF-8, or else Latin-1, without the zeros and spaces that
 * fill it up. Bytes that are no such text are shown as hexadecimal digits; undefined where nothing is left.
 */
export function deviceText(bytes: Uint8Array): string | undefined {
  const text = decoded(bytes).replace(FILL, '').trimStart()
  if (text === '') return undefined
  return UNPRINTABLE.test(text) ? `0x${Buffer.from(bytes).toString('hex')}` : text
}

function decoded(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes)
  const text = buffer.toString('utf8')
  return text.includes('\ufffd') ? buffer.toString('latin1') : text
}
