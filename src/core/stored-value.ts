import type { Order } from './command.ts'
import type { Scalar, TagValue } from './data-type.ts'

/** A value as JSON can hold it without a loss: what JSON has no words for stands in an object. */
type Stored = boolean | number | string | { readonly int: string } | { readonly hex: string } | readonly Stored[]

/** An order as text, the same for equal orders; 64-bit integers, bytes and -0 survive. */
export function orderText(order: Order): string {
  if (order.kind === 'write') return JSON.stringify({ tag: order.tag, value: stored(order.value) })
  const given = Object.entries(order.arguments).sort(([one], [other]) => (one < other ? -1 : 1))
  const values = Object.fromEntries(given.map(([name, value]) => [name, stored(value)]))
  return JSON.stringify({ command: order.command, arguments: values })
}

/** The order of a text that `orderText` made. */
export function orderOf(text: string): Order {
  const parsed = JSON.parse(text) as
    | { readonly tag: string; readonly value: Stored }
    | { readonly command: string; readonly arguments: Readonly<Record<string, Stored>> }
  if ('tag' in parsed) return { kind: 'write', tag: parsed.tag, value: restored(parsed.value) }
  const values = Object.entries(parsed.arguments).map(([name, value]) => [name, restored(value)])
  return { kind: 'command', command: parsed.command, arguments: Object.fromEntries(values) }
}

function stored(value: TagValue): Stored {
  if (typeof value === 'bigint') return { int: String(value) }
  if (Object.is(value, -0)) return { int: '-0' }
  if (typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') }
  return value.map(stored)
}

function restored(value: Stored): TagValue {
  if (typeof value !== 'object') return value
  if ('hex' in value) return new Uint8Array(Buffer.from(value.hex, 'hex'))
  if ('int' in value) return value.int === '-0' ? -0 : BigInt(value.int)
  return (value as readonly Stored[]).map((element) => restored(element) as Scalar)
}
