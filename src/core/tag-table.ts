import { grown } from './columns.ts'
import { type DataType, isBigInteger, isSameArray, type Scalar, type TagValue } from './data-type.ts'
import { StatusCode } from './status-code.ts'
import type { IndexedTag, TagIndex } from './tag-index.ts'

/**
 * The last value of every tag as columns indexed by `TagIndex`: no object a value, so that a hundred thousand
 * tags cost a few megabytes and a batch is a copy of numbers. Who writes it decides what is true (`pipeline.ts`).
 */
export class TagTable {
  readonly #types: DataType[] = []
  #numbers = new Float64Array(0)
  #integers = new BigInt64Array(0)
  #status = new Uint32Array(0)
  #sourceTime = new Float64Array(0)
  #serverTime = new Float64Array(0)
  /** Tags that hold an array. */
  readonly #arrays = new Set<TagIndex>()
  /**
   * What is no number: the text of a String; the bytes of a ByteString, one character each (U+0000 to U+00FF); an
   * array, which is replaced and never changed.
   */
  readonly others: (string | readonly Scalar[] | undefined)[] = []

  constructor(tags: readonly IndexedTag[]) {
    this.add(tags)
  }

  get types(): readonly DataType[] {
    return this.#types
  }

  /** Numbers and Booleans (0, 1); the same memory as `integers`. */
  get numbers(): Float64Array {
    return this.#numbers
  }

  /** Int64 and UInt64 as two's complement. */
  get integers(): BigInt64Array {
    return this.#integers
  }

  /** What clients see now. */
  get status(): Uint32Array {
    return this.#status
  }

  /** When the device or its network server took the value, milliseconds of the epoch; NaN: never. */
  get sourceTime(): Float64Array {
    return this.#sourceTime
  }

  /** When this gateway last changed value or status. */
  get serverTime(): Float64Array {
    return this.#serverTime
  }

  /** Makes rows for further tags, whose numbers follow on; a column that somebody holds is the former one from now on. */
  add(tags: readonly IndexedTag[]): void {
    for (const { index, tag } of tags) {
      this.#types[index] = tag.type
      this.others[index] = undefined
      if (tag.arrayLength !== undefined) this.#arrays.add(index)
    }
    const size = this.#types.length
    this.#numbers = grown(this.#numbers, size, 0)
    this.#integers = new BigInt64Array(this.#numbers.buffer)
    this.#status = grown(this.#status, size, StatusCode.BadWaitingForInitialData)
    this.#sourceTime = grown(this.#sourceTime, size, Number.NaN)
    this.#serverTime = grown(this.#serverTime, size, Number.NaN)
  }

  /** Forgets a tag's value, as if it were new. */
  clear(tag: TagIndex): void {
    this.#integers[tag] = 0n
    this.others[tag] = undefined
    this.#sourceTime[tag] = Number.NaN
  }

  get size(): number {
    return this.#types.length
  }

  /** The value as its type's JavaScript form, whatever the status says of it. */
  value(tag: TagIndex): TagValue {
    const type = this.types[tag] as DataType
    const other = this.others[tag]
    if (typeof other === 'object' || this.#arrays.has(tag)) return other ?? []
    if (type === 'String') return other ?? ''
    if (type === 'ByteString') return Buffer.from(other ?? '', 'latin1')
    if (type === 'Boolean') return this.numbers[tag] === 1
    if (type === 'UInt64') return BigInt.asUintN(64, this.integers[tag] as bigint)
    if (type === 'Int64') return this.integers[tag] as bigint
    return this.numbers[tag] as number
  }

  /** Stores a value that fits the tag's type; false when it was the same already. */
  setValue(tag: TagIndex, value: TagValue): boolean {
    if (typeof value === 'string') return this.#setText(tag, value)
    if (value instanceof Uint8Array) return this.#setText(tag, Buffer.from(value).toString('latin1'))
    if (typeof value === 'object') return this.#setArray(tag, value)
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
    if (this.others[tag] === text) return false
    this.others[tag] = text
    return true
  }

  #setArray(tag: TagIndex, elements: readonly Scalar[]): boolean {
    const known = this.others[tag]
    if (typeof known === 'object' && isSameArray(known, elements)) return false
    this.others[tag] = elements
    return true
  }
}
