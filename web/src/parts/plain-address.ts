/** An IPv4 address as people write it, which a socket for both kinds calls `::ffff:10.0.0.7` (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address
}
