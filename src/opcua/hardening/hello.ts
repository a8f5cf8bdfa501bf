/** Header (8), five UInt32 (20) and the length of the endpoint URL (4). */
const SHORTEST = 32
/** OPC 10000-6 §7.1.2.3: the endpoint URL is shorter than 4096 bytes; no client needs as much. */
const LONGEST = 4_096

/**
 * Whether `bytes`, all that a connection has sent so far, are exactly one Hello message (OPC 10000-6 §7.1.2.3),
 * the beginning of one, or something to refuse.
 */
export function checkHello(bytes: Buffer): 'complete' | 'incomplete' | { readonly refused: string } {
  const begin = Math.min(bytes.length, 4)
  if (bytes.toString('latin1', 0, begin) !== 'HELF'.slice(0, begin)) return { refused: 'it does not begin with Hello' }
  if (bytes.length < 8) return 'incomplete'
  const length = bytes.readUInt32LE(4)
  if (length < SHORTEST || length > LONGEST) return { refused: `a Hello of ${length} bytes` }
  if (bytes.length > length) return { refused: 'bytes behind the Hello, before it was acknowledged' }
  if (bytes.length < length) return 'incomplete'
  const urlLength = Math.max(0, bytes.readInt32LE(28))
  return urlLength === length - SHORTEST ? 'complete' : { refused: 'a Hello whose lengths contradict each other' }
}
