import type { ByteReader, ByteWriter } from './bytes.ts'

/** Doubles as they can be written: the first of these that takes all of them, and gives each back bit by bit. */
const Form = {
  /** Whole multiples of a step of some decimals, as differences: what sensors and counters say. */
  decimal: 0,
  /** Values that a Float holds, each combined (XOR) with the one before. */
  float: 1,
  /** The same of Doubles. */
  double: 2,
} as const

const MOST_DECIMALS = 9
/** Beyond, a number of steps and its differences are not exact. */
const MOST_STEPS = 2 ** 50

export function writeNumbers(writer: ByteWriter, values: readonly number[]): void {
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    const steps = stepsOf(values, 10 ** decimals)
    if (!steps) continue
    writer.byte(Form.decimal)
    writer.byte(decimals)
    writeSteps(writer, steps)
    return
  }
  const isFloat = values.every((value) => Object.is(Math.fround(value), value))
  writer.byte(isFloat ? Form.float : Form.double)
  writeBits(writer, isFloat ? Float32Array.from(values) : Float64Array.from(values))
}

export function readNumbers(reader: ByteReader, count: number): ArrayLike<number> {
  const form = reader.byte()
  if (form === Form.decimal) {
    const scale = 10 ** reader.byte()
    const values = readSteps(reader, count)
    for (let at = 0; at < count; at++) values[at] = (values[at] as number) / scale
    return values
  }
  const numbers = form === Form.float ? new Float32Array(count) : new Float64Array(count)
  readBits(reader, numbers)
  return numbers
}

/** Undefined where one of the values is no whole number of steps of `1 / scale`, or not exactly. */
function stepsOf(values: readonly number[], scale: number): number[] | undefined {
  const steps: number[] = []
  for (const value of values) {
    const step = Math.round(value * scale)
    // A negative zero is no number of steps.
    if (!(Math.abs(step) <= MOST_STEPS && Object.is((step + 0) / scale, value))) return undefined
    steps.push(step + 0)
  }
  return steps
}

/** Differences from one to the next, divided by what all of them can be divided by. */
export function writeSteps(writer: ByteWriter, steps: readonly number[]): void {
  let divisor = 0
  for (let at = 1; at < steps.length && divisor !== 1; at++) {
    divisor = commonDivisor(divisor, Math.abs((steps[at] as number) - (steps[at - 1] as number)))
  }
  divisor = Math.max(1, divisor)
  writer.unsigned(divisor)
  writer.signed(steps[0] ?? 0)
  for (let at = 1; at < steps.length; at++) {
    writer.signed(((steps[at] as number) - (steps[at - 1] as number)) / divisor)
  }
}

export function readSteps(reader: ByteReader, count: number): Float64Array {
  const divisor = reader.unsigned()
  let step = reader.signed()
  const steps = new Float64Array(count)
  for (let at = 0; at < count; at++) {
    if (at > 0) step += reader.signed() * divisor
    steps[at] = step
  }
  return steps
}

function commonDivisor(one: number, other: number): number {
  while (other !== 0) [one, other] = [other, one % other]
  return one
}

function writeBits(writer: ByteWriter, numbers: Float32Array | Float64Array): void {
  const words = bytesOf(numbers)
  const size = numbers.BYTES_PER_ELEMENT
  for (let at = words.length - 1; at >= size; at--) words[at] = (words[at] as number) ^ (words[at - size] as number)
  writer.planes(words, size)
}

function readBits(reader: ByteReader, numbers: Float32Array | Float64Array): void {
  const size = numbers.BYTES_PER_ELEMENT
  const words = bytesOf(numbers)
  words.set(reader.planes(numbers.length, size))
  for (let at = size; at < words.length; at++) words[at] = (words[at] as number) ^ (words[at - size] as number)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
