import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Milliseconds } from '../core/clock.ts'
import type { StatusCode } from '../core/status-code.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { Column } from './columns.ts'

/** Samples of many series in the order in which they were recorded: row `i` of every column belongs together. */
export interface PackedSamples {
  readonly count: number
  /** Numbers of the database. */
  readonly series: Uint32Array
  readonly sourceTime: Float64Array
  readonly serverTime: Float64Array
  readonly status: Uint32Array
  readonly numbers: Float64Array
  /** What is no number: null where there is no value; undefined where `numbers` has it. */
  readonly others: readonly (Exclude<Column, number> | null | undefined)[]
}

/** A sample of a series. */
export interface OutgoingSample {
  readonly series: number
  readonly sourceTime: Milliseconds
  readonly serverTime: Milliseconds
  readonly status: StatusCode
  readonly value: Column | null
}

/** What a user deleted of a series: from `first` to `last`, both included. */
export interface OutgoingDeletion {
  readonly series: number
  readonly first: Milliseconds
  readonly last: Milliseconds
}

const Kind = { number: 0, none: 1, integer: 2, text: 3, bytes: 4 } as const

/** It is in the way of the engine: the fastest level makes about a third of a segment. */
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Compressed; columns of fixed size as they lie in memory, then the values that are no numbers. */
export function packSamples(samples: PackedSamples): Buffer {
  const { count } = samples
  const writer = new ByteWriter()
  writer.unsigned(count)
  for (const column of [samples.series, samples.sourceTime, samples.serverTime, samples.status, samples.numbers]) {
    writer.raw(bytesOf(column.subarray(0, count)))
  }
  for (let row = 0; row < count; row++) writeOther(writer, samples.others[row])
  return zstdCompressSync(writer.written, FASTEST)
}

/** Throws RangeError, or what zlib throws, for anything that `packSamples` did not make. */
export function unpackSamples(data: Buffer): OutgoingSample[] {
  const reader = new ByteReader(zstdDecompressSync(data))
  const count = reader.unsigned()
  const series = new Uint32Array(copied(reader.raw(4 * count)))
  const sourceTime = new Float64Array(copied(reader.raw(8 * count)))
  const serverTime = new Float64Array(copied(reader.raw(8 * count)))
  const status = new Uint32Array(copied(reader.raw(4 * count)))
  const numbers = new Float64Array(copied(reader.raw(8 * count)))
  return Array.from({ length: count }, (_, row) => {
    const other = readOther(reader)
    return {
      series: series[row] as number,
      sourceTime: sourceTime[row] as number,
      serverTime: serverTime[row] as number,
      status: status[row] as number,
      value: other === undefined ? (numbers[row] as number) : other,
    }
  })
}

export function packDeletions(deletions: readonly OutgoingDeletion[]): Buffer {
  const writer = new ByteWriter()
  writer.unsigned(deletions.length)
  for (const { series, first, last } of deletions) writer.raw(bytesOf(Float64Array.of(series, first, last)))
  return Buffer.from(writer.written)
}

export function unpackDeletions(data: Buffer): OutgoingDeletion[] {
  const reader = new ByteReader(data)
  return Array.from({ length: reader.unsigned() }, () => {
    const [series = 0, first = 0, last = 0] = new Float64Array(copied(reader.raw(24)))
    return { series, first, last }
  })
}

function writeOther(writer: ByteWriter, value: Exclude<Column, number> | null | undefined): void {
  writer.byte(kindOf(value))
  if (value === undefined || value === null) return
  if (typeof value === 'bigint') {
    writer.raw(bytesOf(BigInt64Array.of(value)))
    return
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  writer.unsigned(bytes.length)
  writer.raw(bytes)
}

function kindOf(value: Exclude<Column, number> | null | undefined): number {
  if (value === undefined) return Kind.number
  if (value === null) return Kind.none
  if (typeof value === 'bigint') return Kind.integer
  return typeof value === 'string' ? Kind.text : Kind.bytes
}

function readOther(reader: ByteReader): Exclude<Column, number> | null | undefined {
  const kind = reader.byte()
  if (kind === Kind.number) return undefined
  if (kind === Kind.none) return null
  if (kind === Kind.integer) return new BigInt64Array(copied(reader.raw(8)))[0] as bigint
  const bytes = reader.raw(reader.unsigned())
  if (kind === Kind.text) return bytes.toString()
  if (kind === Kind.bytes) return bytes
  throw new RangeError(`The outbox has a value of kind ${kind}, which this program does not know`)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Memory of their own, where numbers of 8 bytes may begin. */
const copied = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer
