import { type DataType, isBigInteger, type TagValue } from './data-type.ts'
import { StatusCode } from './status-code.ts'
import type { IndexedTag, TagIndex } from './tag-index.ts'

/**
 * The last value of every tag as columns indexed by `TagIndex`: no object a value, so that a hundred thousand
 * tags cost a few megabytes and a batch is a copy of numbers. Who writes it decides what is true (`pipeline.ts`).
 */
export class TagTable {
  readonly types: readonly DataType[]
  /** Numbers and Booleans (0, 1); the same memory as `integers`. */
  readonly numbers: Float64Array
  /** Int64 and UInt64 as two's complement. */
  readonly integers: BigInt64Array
  /** Text of a String; the bytes of a ByteString, one character each (U+0000 to U+00FF). */
  readonly text: (string | undefined)[]
  /** What clients see now. */
  readonly status: Uint32Array
  /** When the device or its network server took the value, milliseconds of the epoch; NaN: never. */
  readonly sourceTime: Float64Array
  /** When this gateway last changed value or status. */
  readonly serverTime: Float64Array

  constructor(tags: readonly IndexedTag[]) {
    const size = tags.length
    this.types = tags.map(({ tag }) => tag.type)
    const memory = new ArrayBuffer(size * 8)
    this.numbers = new Float64Array(memory)
    this.integers = new BigInt64Array(memory)
    this.text = new Array<string | undefined>(size).fill(undefined)
    this.status = new Uint32Array(size).fill(StatusCode.BadWaitingForInitialData)
    this.sourceTime = new Float64Array(size).fill(Number.NaN)
    this.serverTime = new Float64Array(size).fill(Number.NaN)
  }

  get size(): number {
    return this.types.length
  }

  /** The value as its type's JavaScript form, whatever the status says of it. */
  value(tag: TagIndex): TagValue {
    const type = this.types[tag] as DataType
    if (type === 'String') return this.text[tag] ?? ''
    if (type === 'ByteString') return Buffer.from(this.text[tag] ?? '', 'latin1')
    if (type === 'Boolean') return this.numbers[tag] === 1
    if (type === 'UInt64') return BigInt.asUintN(64, this.integers[tag] as bigint)
    if (type === 'Int64') return this.integers[tag] as bigint
    return this.numbers[tag] as number
  }

  /** Stores a value that fits the tag's type; false when it was the same already. */
  setValue(tag: TagIndex, value: TagValue): boolean {
    if (typeof value === 'string') return this.#setText(tag, value)
    if (value instanceof Uint8Array) return this.#setText(tag, Buffer.from(value).toString('latin1'))
    if (isBigInteger(this.types[tag] as DataType)) {
      const bits = BigInt.asIntN(64, value as bigint)
      if (this.integers[tag] === bits) return false
      this.integers[tag] = bits
      return true
    }
    const number = Number(value)
    if (this.numbers[tag] === number) return false
    this.numbers[tag] = number
    return true
  }

  #setText(tag: TagIndex, text: string): boolean {
    if (this.text[tag] === text) return false
    this.text[tag] = text
    return true
  }
}
