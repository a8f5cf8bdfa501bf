import { grown } from './columns.ts'
import type { Scalar } from './data-type.ts'
import type { ChangeListener } from './pipeline.ts'
import type { SampleBatch } from './sample.ts'
import { isBad } from './status-code.ts'
import type { TagIndex } from './tag-index.ts'
import type { TagTable } from './tag-table.ts'

/** Rows a batch may have: keeps one batch below a millisecond or two for whoever applies it. */
const MAX_ROWS = 8_192
/** Changes kept one by one while the reader cannot take them; beyond, each tag's latest is enough. */
const MAX_WAITING = 65_536
/** Elements of arrays that cost about as much memory and time as one more row. */
const ELEMENTS_A_ROW = 8

/**
 * The changes of the tag table for one reader. Each change is a row of its own, in order, while the reader keeps up;
 * once too many wait, they are merged to the latest of each tag (and counted), so that a slow reader bounds nothing
 * but its own detail. A new reader begins with every tag.
 */
export class ChangeFeed implements ChangeListener {
  readonly #table: TagTable
  readonly #send: (batch: SampleBatch) => boolean
  readonly #wantsBatch: () => boolean
  #ended = false
  readonly #due: () => void
  #announced = false
  /** Tags whose latest value is owed, while rows are merged. */
  #owed: Uint8Array<ArrayBuffer>
  #owedCount = 0
  #owedFrom = 0
  #rows = new Rows(256)
  #waiting: Rows[] = []
  #waitingRows = 0
  /** Changes of which the reader got only a later one. */
  merged = 0

  /** `due` is called once when there is something to flush, and again only after that flush. */
  constructor(
    table: TagTable,
    reader: { send: (batch: SampleBatch) => boolean; wantsBatch: () => boolean; due: () => void },
  ) {
    this.#table = table
    this.#due = reader.due
    this.#send = reader.send
    this.#wantsBatch = reader.wantsBatch
    this.#owed = new Uint8Array(table.size).fill(1)
    this.#owedCount = table.size
  }

  changed(tag: TagIndex): void {
    if (!this.#announced) {
      this.#announced = true
      this.#due()
    }
    if (this.#owedCount > 0) {
      this.#owe(tag)
      return
    }
    this.#rows.add(this.#table, tag)
    if (this.#rows.weight < MAX_ROWS) return
    this.#waitingRows += this.#rows.weight
    this.#waiting.push(this.#rows)
    this.#rows = new Rows(MAX_ROWS)
    if (this.#waitingRows >= MAX_WAITING) this.#merge()
  }

  /** Sends what there is, as far as the reader's credit goes. */
  flush(): void {
    this.#announced = false
    while (!this.#ended && this.#wantsBatch()) {
      const rows = this.#owedCount > 0 ? this.#takeOwed() : this.#takeRows()
      if (!rows) return
      this.#send(rows.toBatch())
    }
  }

  /** Sends nothing more: what is left would come behind what the reader hears from elsewhere. */
  end(): void {
    this.#ended = true
  }

  #owe(tag: TagIndex): void {
    this.#owed = grown(this.#owed, this.#table.size, 0)
    if (this.#owed[tag] === 1) {
      this.merged++
      return
    }
    this.#owed[tag] = 1
    this.#owedCount++
  }

  #merge(): void {
    for (const rows of this.#waiting) for (let row = 0; row < rows.count; row++) this.#owe(rows.tag[row] as TagIndex)
    for (let row = 0; row < this.#rows.count; row++) this.#owe(this.#rows.tag[row] as TagIndex)
    this.#waiting = []
    this.#waitingRows = 0
    this.#rows = new Rows(256)
  }

  #takeRows(): Rows | undefined {
    const oldest = this.#waiting.shift()
    if (oldest) {
      this.#waitingRows -= oldest.weight
      return oldest
    }
    if (this.#rows.count === 0) return undefined
    const rows = this.#rows
    this.#rows = new Rows(Math.max(256, rows.count))
    return rows
  }

  #takeOwed(): Rows {
    const rows = new Rows(Math.min(this.#owedCount, MAX_ROWS))
    const size = this.#table.size
    // Round from where the last batch ended, so that tags at the end are not starved by busy ones at the start.
    for (let step = 0; step < size && rows.weight < MAX_ROWS && this.#owedCount > 0; step++) {
      const tag = (this.#owedFrom + step) % size
      if (this.#owed[tag] === 0) continue
      this.#owed[tag] = 0
      this.#owedCount--
      rows.add(this.#table, tag)
    }
    this.#owedFrom = rows.count === 0 ? 0 : ((rows.tag[rows.count - 1] as number) + 1) % size
    return rows
  }
}

/** Growing columns of one batch. */
class Rows {
  count = 0
  /** Rows, and what their arrays cost in rows. */
  weight = 0
  tag: Uint32Array<ArrayBuffer>
  #bits: Float64Array<ArrayBuffer>
  /** The same memory as `#bits`: a 64-bit integer's bits must not pass through a float register. */
  #integers: BigInt64Array<ArrayBuffer>
  #status: Uint32Array<ArrayBuffer>
  #sourceTime: Float64Array<ArrayBuffer>
  #serverTime: Float64Array<ArrayBuffer>
  readonly #textRow: number[] = []
  readonly #text: string[] = []
  readonly #arrayRow: number[] = []
  readonly #array: (readonly Scalar[])[] = []

  constructor(capacity: number) {
    this.tag = new Uint32Array(capacity)
    this.#bits = new Float64Array(capacity)
    this.#integers = new BigInt64Array(this.#bits.buffer)
    this.#status = new Uint32Array(capacity)
    this.#sourceTime = new Float64Array(capacity)
    this.#serverTime = new Float64Array(capacity)
  }

  add(table: TagTable, tag: TagIndex): void {
    if (this.count === this.tag.length) this.#grow()
    const row = this.count++
    this.weight++
    this.tag[row] = tag
    this.#integers[row] = table.integers[tag] as bigint
    this.#status[row] = table.status[tag] as number
    this.#sourceTime[row] = table.sourceTime[tag] as number
    this.#serverTime[row] = table.serverTime[tag] as number
    const other = table.others[tag]
    if (other !== undefined) this.#addOther(row, other)
  }

  #addOther(row: number, other: string | readonly Scalar[]): void {
    if (typeof other === 'string') {
      this.#textRow.push(row)
      this.#text.push(other)
      return
    }
    if (isBad(this.#status[row] as number)) return
    this.#arrayRow.push(row)
    this.#array.push(other)
    this.weight += other.length / ELEMENTS_A_ROW
  }

  toBatch(): SampleBatch {
    return {
      count: this.count,
      tag: this.tag,
      bits: this.#bits,
      status: this.#status,
      sourceTime: this.#sourceTime,
      serverTime: this.#serverTime,
      textRow: Uint32Array.from(this.#textRow),
      text: this.#text,
      arrayRow: Uint32Array.from(this.#arrayRow),
      array: this.#array,
    }
  }

  #grow(): void {
    const capacity = this.tag.length * 2
    const tag = new Uint32Array(capacity)
    tag.set(this.tag)
    this.tag = tag
    const bits = new Float64Array(capacity)
    const integers = new BigInt64Array(bits.buffer)
    integers.set(this.#integers)
    this.#bits = bits
    this.#integers = integers
    const status = new Uint32Array(capacity)
    status.set(this.#status)
    this.#status = status
    const sourceTime = new Float64Array(capacity)
    sourceTime.set(this.#sourceTime)
    this.#sourceTime = sourceTime
    const serverTime = new Float64Array(capacity)
    serverTime.set(this.#serverTime)
    this.#serverTime = serverTime
  }
}
