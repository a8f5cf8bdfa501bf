import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DecodedChunk,
  decodeChunk,
  encodeChunk,
  type StoredSample,
  sampleAt,
} from '../../../src/store/chunk-codec.ts'
import { randomFrom } from '../../support/seeded-random.ts'

const again = (samples: readonly StoredSample[]) => {
  const { codec, data } = encodeChunk(samples)
  return listOf(decodeChunk(codec, data, samples.length))
}
const listOf = (chunk: DecodedChunk) => Array.from({ length: chunk.count }, (_, at) => sampleAt(chunk, at))
/** A sample a second, with these values. */
const samplesOf = (values: readonly StoredSample['value'][]): StoredSample[] =>
  values.map((value, n) => ({ value, status: 0, sourceTime: 1_000 * n, serverTime: 1_000 * n + 5 }))

const value = fc.oneof(
  fc.constant(null),
  fc.double({ noNaN: true }),
  fc.float({ noNaN: true }),
  fc.integer().map((n) => n / 100),
  fc.constantFrom(-0, 0, 5e-324, Number.MAX_VALUE, Number.POSITIVE_INFINITY),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 1n),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
const time = fc.oneof(fc.maxSafeInteger(), fc.integer())
const samples = fc.array(
  fc.record(
    { value, status: fc.nat({ max: 0xffff_ffff }), sourceTime: time, serverTime: time },
    { noNullPrototype: true },
  ),
  { minLength: 1, maxLength: 50 },
)

describe('a chunk gives back', () => {
  it('every sample exactly, whatever its value, status and times are', () => {
    fc.assert(fc.property(samples, (list) => void expect(again(list)).toStrictEqual(list)))
  })

  it('numbers of one kind exactly: decimals, Floats, Doubles, counters and booleans', () => {
    const kinds = [
      fc.integer().map((n) => n / 1_000),
      fc.float({ noNaN: true }),
      fc.double({ noNaN: true }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(0n, 1n),
      fc.bigInt({ min: 0n, max: 1_000_000n }),
    ]
    const list = fc.oneof(
      ...kinds.map((kind) => fc.array<StoredSample['value']>(kind, { minLength: 1, maxLength: 100 })),
    )
    fc.assert(fc.property(list, (values) => void expect(again(samplesOf(values))).toStrictEqual(samplesOf(values))))
  })
})

it('a chunk of which one byte has changed is refused, never read as other values', () => {
  const random = randomFrom(1)
  const list = samplesOf(Array.from({ length: 500 }, (_, n) => Math.fround(20 + Math.sin(n) + random())))
  const { codec, data } = encodeChunk(list)
  const damaged = Array.from({ length: 200 }, () => {
    const bytes = Buffer.from(data)
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 + Math.floor(random() * 255))
    return bytes
  })
  const readable = damaged.flatMap((bytes) => {
    try {
      return [listOf(decodeChunk(codec, bytes, list.length))]
    } catch {
      return []
    }
  })
  for (const read of readable) expect(read).toStrictEqual(list)
  expect(readable.length).toBeLessThan(10)
})

it('a chunk in a form of a later program is refused', () => {
  expect(() => decodeChunk(9, Buffer.alloc(10), 1)).toThrow('the form 9')
})
