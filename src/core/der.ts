import { isIP } from 'node:net'
import type { Milliseconds } from './clock.ts'

/** One element of DER (X.690): tag, length, content of at most 65,535 bytes. */
export function element(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

export const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(parts))

/** An object identifier, as its content stands in hexadecimal. */
export const identifier = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'))

/** An extension of a certificate (RFC 5280 §4.2), not critical. */
export const extension = (oid: string, value: Buffer): Buffer => sequence(identifier(oid), element(0x04, value))

/** A name that is nothing but a CommonName (RFC 5280 §4.1.2.4). */
export const commonName = (name: string): Buffer =>
  sequence(element(0x31, sequence(identifier('550403'), element(0x0c, Buffer.from(name)))))

/** A host in a SubjectAltName (RFC 5280 §4.2.1.6): an IP address or a DNS name. */
export const generalName = (host: string): Buffer =>
  isIP(host) === 0 ? element(0x82, Buffer.from(host)) : element(0x87, addressBytes(host))

/** A time of a certificate (RFC 5280 §4.1.2.5): UTCTime until 2049, GeneralizedTime from then on. */
export function time(at: Milliseconds): Buffer {
  const text = `${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return text < '2050' ? element(0x17, Buffer.from(text.slice(2))) : element(0x18, Buffer.from(text))
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // As `URL` writes it: without IPv4 at its end.
  const text = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const missing = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array.from({ length: tail === undefined ? 0 : missing }, () => '0'), ...groups(tail)]
  return Buffer.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
}
