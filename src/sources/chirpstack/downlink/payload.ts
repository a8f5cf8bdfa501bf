import type { DownlinkConfig, PayloadField } from '../../../core/command.ts'
import type { TagValue } from '../../../core/data-type.ts'
import { isJsonObject } from '../json.ts'

/** LoRaWAN's longest payload at the highest data rates (RP002); at lower ones ChirpStack discards what is too long. */
export const LONGEST_PAYLOAD = 242

export type Arguments = Readonly<Record<string, TagValue>>

/** What is sent, or what is wrong, in words. */
export type Encoded =
  | { readonly data: Uint8Array }
  | { readonly object: Readonly<Record<string, unknown>> }
  | { readonly problem: string }

/** The downlink of a command with these arguments, which are complete and of their types. */
export function encodeDownlink({ object, payload }: DownlinkConfig, given: Arguments): Encoded {
  try {
    if (object !== undefined) {
      const filled = filledIn(object, given)
      if (isJsonObject(filled)) return { object: filled }
      return { problem: 'The object of the downlink is none.' }
    }
    const data = encodePayload(payload ?? [], given)
    if (data.length <= LONGEST_PAYLOAD) return { data }
    return { problem: `The payload has ${data.length} bytes, and LoRaWAN carries at most ${LONGEST_PAYLOAD}.` }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { problem: error.message }
  }
}

/** The bytes, field after field; a last byte that is not full ends in zeros. Throws RangeError where a value does not fit. */
export function encodePayload(fields: readonly PayloadField[], given: Arguments): Uint8Array {
  let bits = ''
  for (const field of fields) bits += bitsOf(field, given)
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0')
  return Uint8Array.from({ length: whole.length / 8 }, (_, at) => Number.parseInt(whole.slice(at * 8, at * 8 + 8), 2))
}

/** A text that is `$name` alone is that argument; all else is as it stands. */
function filledIn(template: unknown, given: Arguments): unknown {
  if (typeof template === 'string') return plain(argumentOf(template, given))
  if (Array.isArray(template)) return template.map((element) => filledIn(element, given))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, filledIn(value, given)]))
}

function argumentOf(written: string, given: Arguments): TagValue {
  const name = /^\$([a-z0-9][a-z0-9_-]*)$/.exec(written)?.[1]
  if (name === undefined) return written
  const value = given[name]
  if (value === undefined) throw new RangeError(`The argument "${name}" is not given.`)
  return value
}

/** A codec gets doubles, and bytes as a list of numbers. */
function plain(value: TagValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return [...value]
  return value
}

function bitsOf(field: PayloadField, given: Arguments): string {
  if (field.hex !== undefined) return bitsOfBytes(Buffer.from(field.hex, 'hex'))
  const { value = 0, encoding = 'uint', bits = 8, byteOrder = 'big' } = field
  const meant = typeof value === 'string' ? argumentOf(value, given) : value
  const written =
    encoding === 'utf-8' || encoding === 'bytes'
      ? bytesOf(meant, encoding, bits)
      : numberOf(field, meant, encoding, bits)
  if (byteOrder === 'big' || bits % 8 !== 0) return written
  return (written.match(/.{8}/g) ?? []).reverse().join('')
}

/** Filled with NULs up to its width. */
function bytesOf(value: TagValue, encoding: 'utf-8' | 'bytes', bits: number): string {
  const bytes =
    value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), encoding === 'bytes' ? 'hex' : 'utf8')
  if (bytes.length * 8 > bits) throw new RangeError(`${bytes.length} bytes do not fit into ${bits / 8}.`)
  return bitsOfBytes(bytes).padEnd(bits, '0')
}

function numberOf(field: PayloadField, value: TagValue, encoding: 'uint' | 'int' | 'float', bits: number): string {
  if (encoding === 'float') {
    const bytes = Buffer.alloc(bits / 8)
    const scaled = unscaled(field, Number(value))
    if (bits === 32) bytes.writeFloatBE(scaled)
    else if (bits === 64) bytes.writeDoubleBE(scaled)
    else throw new RangeError(`A float has 32 or 64 bits, not ${bits}.`)
    if (bits === 32 && !Number.isFinite(bytes.readFloatBE())) throw new RangeError(`${scaled} is no float of 32 bits.`)
    return bitsOfBytes(bytes)
  }
  const whole = wholeOf(field, value)
  const [low, high] =
    encoding === 'int' ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n]
  if (whole < low || whole > high) throw new RangeError(`${whole} does not fit into ${bits} bits (${low} to ${high}).`)
  return BigInt.asUintN(bits, whole).toString(2).padStart(bits, '0')
}

/** The number on the wire: (value − offset) ÷ scale, to the nearest whole number. */
function wholeOf(field: PayloadField, value: TagValue): bigint {
  if (typeof value === 'bigint' && field.scale === undefined && field.offset === undefined) return value
  const scaled = unscaled(field, Number(value))
  if (!Number.isFinite(scaled)) throw new RangeError(`"${String(value)}" is no number.`)
  return BigInt(Math.round(scaled))
}

const unscaled = ({ scale = 1, offset = 0 }: PayloadField, value: number): number => (value - offset) / scale

const bitsOfBytes = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
