import type { ByteReader, ByteWriter } from './bytes.ts'
import { readSteps, writeSteps } from './number-column.ts'

const Form = {
  /** All 0 or 1: eight a byte. */
  bits: 0,
  /** All exact as a number: differences. */
  steps: 1,
  /** 64 bits each, as differences modulo 2^64. */
  words: 2,
} as const

const MOST_STEPS = 2n ** 50n

/** Integers of 64 bits and booleans, exactly. */
export function writeIntegers(writer: ByteWriter, values: readonly bigint[]): void {
  if (values.every((value) => value === 0n || value === 1n)) {
    writer.byte(Form.bits)
    const bits = new Uint8Array(Math.ceil(values.length / 8))
    for (const [at, value] of values.entries()) {
      if (value === 1n) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7))
    }
    writer.raw(bits)
  } else if (values.every((value) => value >= -MOST_STEPS && value <= MOST_STEPS)) {
    writer.byte(Form.steps)
    writeSteps(writer, values.map(Number))
  } else {
    writer.byte(Form.words)
    const words = new BigInt64Array(values.length)
    for (const [at, value] of values.entries()) words[at] = value - (values[at - 1] ?? 0n)
    writer.planes(new Uint8Array(words.buffer), 8)
  }
}

export function readIntegers(reader: ByteReader, count: number): ArrayLike<bigint> {
  const form = reader.byte()
  const values = new BigInt64Array(count)
  if (form === Form.bits) {
    const bits = reader.raw(Math.ceil(count / 8))
    for (let at = 0; at < count; at++) values[at] = (((bits[at >> 3] as number) >> (at & 7)) & 1) === 1 ? 1n : 0n
  } else if (form === Form.steps) {
    const steps = readSteps(reader, count)
    for (let at = 0; at < count; at++) values[at] = BigInt(steps[at] as number)
  } else {
    const differences = new BigInt64Array(reader.planes(count, 8).buffer)
    for (let at = 0; at < count; at++) values[at] = (differences[at] as bigint) + (values[at - 1] ?? 0n)
  }
  return values
}
