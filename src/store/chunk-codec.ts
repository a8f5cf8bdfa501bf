import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Milliseconds } from '../core/clock.ts'
import type { StatusCode } from '../core/status-code.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { Column } from './columns.ts'
import { readIntegers, writeIntegers } from './integer-column.ts'
import { readNumbers, writeNumbers } from './number-column.ts'

/** A sample as it is stored. */
export interface StoredSample {
  readonly value: Column | null
  readonly status: StatusCode
  readonly sourceTime: Milliseconds
  readonly serverTime: Milliseconds
}

/** The samples of a chunk in ascending order of source time: row `i` of every column belongs together. */
export interface DecodedChunk {
  readonly count: number
  readonly values: ArrayLike<Column | null>
  readonly statuses: Uint32Array
  readonly sourceTimes: Float64Array
  readonly serverTimes: Float64Array
}

export const sampleAt = (chunk: DecodedChunk, at: number): StoredSample => ({
  value: chunk.values[at] as Column | null,
  status: chunk.statuses[at] as number,
  sourceTime: chunk.sourceTimes[at] as number,
  serverTime: chunk.serverTimes[at] as number,
})

/** Appends the samples from one position until, but not with, another; `step` is 1 or -1. */
export function addSamples(to: StoredSample[], chunk: DecodedChunk, from: number, until: number, step: 1 | -1): void {
  const { values, statuses, sourceTimes, serverTimes } = chunk
  // Nearly all chunks are numbers: with their own loop they cost half.
  if (values instanceof Float64Array) {
    for (let at = from; at !== until; at += step) {
      to.push({
        value: values[at] as number,
        status: statuses[at] as number,
        sourceTime: sourceTimes[at] as number,
        serverTime: serverTimes[at] as number,
      })
    }
    return
  }
  for (let at = from; at !== until; at += step) to.push(sampleAt(chunk, at))
}

/** How the data of a chunk is written; the numbers stand in the database. */
const Codec = { columns: 0, compressedColumns: 1 } as const

/** What a value is, which need not be the same in all of a series. */
const Kind = { none: 0, number: 1, integer: 2, text: 3, bytes: 4 } as const
type Kind = (typeof Kind)[keyof typeof Kind]

/** Beyond, differences of times are not exact as numbers. */
const MOST_TIME: Milliseconds = 2 ** 50

/**
 * Samples of one series in ascending order of source time, column by column: times as differences of differences,
 * server times as what they are behind, statuses and kinds of values as runs, then the values of each kind; compressed.
 */
export function encodeChunk(samples: readonly StoredSample[]): { readonly codec: number; readonly data: Buffer } {
  const writer = new ByteWriter()
  writeTimes(writer, samples)
  writeRuns(
    writer,
    samples.map(({ status }) => status),
  )
  const kinds = samples.map(({ value }) => kindOf(value))
  writeRuns(writer, kinds)
  const ofKind = <Value extends Column>(kind: Kind): Value[] =>
    samples.flatMap(({ value }, at) => (kinds[at] === kind ? [value as Value] : []))
  if (kinds.includes(Kind.number)) writeNumbers(writer, ofKind<number>(Kind.number))
  if (kinds.includes(Kind.integer)) writeIntegers(writer, ofKind<bigint>(Kind.integer))
  writeTexts(
    writer,
    ofKind<string>(Kind.text).map((text) => Buffer.from(text, 'utf8')),
  )
  writeTexts(writer, ofKind<Uint8Array>(Kind.bytes))
  const plain = writer.written
  const compressed = zstdCompressSync(plain, { params: COMPRESSION })
  return compressed.length < plain.length
    ? { codec: Codec.compressedColumns, data: compressed }
    : { codec: Codec.columns, data: plain }
}

const COMPRESSION = {
  [constants.ZSTD_c_compressionLevel]: 6,
  // A page of the disk that has gone bad must not read as other values.
  [constants.ZSTD_c_checksumFlag]: 1,
}

/** The samples of a chunk; throws where its bytes are damaged, or written by a later program. */
export function decodeChunk(codec: number, data: Buffer, count: number): DecodedChunk {
  if (codec !== Codec.columns && codec !== Codec.compressedColumns) {
    throw new RangeError(`A chunk of the history is written in the form ${codec}, which this program does not know`)
  }
  const reader = new ByteReader(codec === Codec.columns ? data : zstdDecompressSync(data))
  const { sourceTimes, serverTimes } = readTimes(reader, count)
  const statuses = readRuns(reader, count)
  const values = readValues(reader, readRuns(reader, count))
  return { count, values, statuses, sourceTimes, serverTimes }
}

function readValues(reader: ByteReader, kinds: Uint32Array): ArrayLike<Column | null> {
  const many = new Uint32Array(Object.keys(Kind).length)
  for (const kind of kinds) many[kind] = (many[kind] as number) + 1
  const texts = (kind: Kind) => readTexts(reader, many[kind] as number)
  const numbers = many[Kind.number] ? readNumbers(reader, many[Kind.number] as number) : []
  const integers = many[Kind.integer] ? readIntegers(reader, many[Kind.integer] as number) : []
  const ofKind: Readonly<Record<number, ArrayLike<Column>>> = {
    [Kind.number]: numbers,
    [Kind.integer]: integers,
    [Kind.text]: texts(Kind.text).map((bytes) => bytes.toString('utf8')),
    [Kind.bytes]: texts(Kind.bytes),
  }
  const only = ofKind[kinds[0] as number]
  if (only?.length === kinds.length) return only
  const next = new Uint32Array(many.length)
  const values: (Column | null)[] = []
  for (const kind of kinds) {
    const position = next[kind] as number
    next[kind] = position + 1
    values.push(ofKind[kind]?.[position] ?? null)
  }
  return values
}

function kindOf(value: Column | null): Kind {
  if (value === null) return Kind.none
  if (typeof value === 'number') return Kind.number
  if (typeof value === 'bigint') return Kind.integer
  return typeof value === 'string' ? Kind.text : Kind.bytes
}

function writeTimes(writer: ByteWriter, samples: readonly StoredSample[]): void {
  const isUsual = samples.every(
    ({ sourceTime, serverTime }) => Math.abs(sourceTime) <= MOST_TIME && Math.abs(serverTime) <= MOST_TIME,
  )
  writer.byte(isUsual ? 1 : 0)
  if (!isUsual) {
    const times = Float64Array.from(samples.flatMap(({ sourceTime, serverTime }) => [sourceTime, serverTime]))
    writer.planes(new Uint8Array(times.buffer), 16)
    return
  }
  let [before, difference] = [0, 0]
  for (const { sourceTime: time } of samples) {
    writer.signed(time - before - difference)
    difference = before === 0 ? 0 : time - before
    before = time
  }
  let behind = 0
  for (const { sourceTime, serverTime } of samples) {
    writer.signed(serverTime - sourceTime - behind)
    behind = serverTime - sourceTime
  }
}

function readTimes(reader: ByteReader, count: number) {
  const sourceTimes = new Float64Array(count)
  const serverTimes = new Float64Array(count)
  if (reader.byte() === 0) {
    const times = new Float64Array(reader.planes(count, 16).buffer)
    for (let at = 0; at < count; at++) {
      sourceTimes[at] = times[2 * at] as number
      serverTimes[at] = times[2 * at + 1] as number
    }
    return { sourceTimes, serverTimes }
  }
  let [before, difference] = [0, 0]
  for (let at = 0; at < count; at++) {
    const time = before + difference + reader.signed()
    difference = before === 0 ? 0 : time - before
    before = time
    sourceTimes[at] = time
  }
  let behind = 0
  for (let at = 0; at < count; at++) {
    behind += reader.signed()
    serverTimes[at] = (sourceTimes[at] as number) + behind
  }
  return { sourceTimes, serverTimes }
}

function writeRuns(writer: ByteWriter, values: readonly number[]): void {
  for (let from = 0; from < values.length; ) {
    let to = from + 1
    while (to < values.length && values[to] === values[from]) to++
    writer.unsigned(to - from)
    writer.unsigned(values[from] as number)
    from = to
  }
}

function readRuns(reader: ByteReader, count: number): Uint32Array {
  const values = new Uint32Array(count)
  for (let from = 0; from < count; ) {
    const to = from + reader.unsigned()
    const value = reader.unsigned()
    if (to === from || to > count) throw new RangeError('A run of a chunk has no valid length')
    values.fill(value, from, to)
    from = to
  }
  return values
}

function writeTexts(writer: ByteWriter, texts: readonly Uint8Array[]): void {
  for (const { length } of texts) writer.unsigned(length)
  for (const text of texts) writer.raw(text)
}

function readTexts(reader: ByteReader, count: number): Buffer[] {
  const lengths = Array.from({ length: count }, () => reader.unsigned())
  return lengths.map((length) => reader.raw(length))
}
