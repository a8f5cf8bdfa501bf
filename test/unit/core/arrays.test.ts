import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChangeFeed } from '../../../src/core/change-feed.ts'
import { type DataType, dataTypes, fitArray, fitValue, type Scalar } from '../../../src/core/data-type.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

/** Any value that a type holds. */
const anyOf: Readonly<Record<DataType, fc.Arbitrary<Scalar>>> = {
  Boolean: fc.boolean(),
  SByte: fc.integer({ min: -128, max: 127 }),
  Byte: fc.integer({ min: 0, max: 255 }),
  Int16: fc.integer({ min: -32_768, max: 32_767 }),
  UInt16: fc.integer({ min: 0, max: 65_535 }),
  Int32: fc.integer(),
  UInt32: fc.integer({ min: 0, max: 4_294_967_295 }),
  Int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  UInt64: fc.bigInt(0n, 2n ** 64n - 1n),
  Float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  Double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  String: fc.string(),
  ByteString: fc.uint8Array(),
  DateTime: fc.double({ min: -11_644_473_600_000, max: 253_402_300_799_000, noNaN: true }),
}

const anyArray = fc
  .constantFrom(...dataTypes)
  .chain((type) => fc.array(anyOf[type], { minLength: 1, maxLength: 20 }).map((elements) => ({ type, elements })))

describe('an array', () => {
  it('of values that fit their type fits, each element as it is', () => {
    fc.assert(
      fc.property(anyArray, ({ type, elements }) => {
        expect(fitArray({ type, length: elements.length }, elements)).toEqual(elements)
      }),
    )
  })

  it('does not fit with one element that does not, whichever it is', () => {
    fc.assert(
      fc.property(anyArray, fc.nat(), fc.anything(), ({ type, elements }, at, other) => {
        fc.pre(fitValue(type, other) === undefined)
        expect(fitArray({ type, length: elements.length }, elements.with(at % elements.length, other as Scalar))).toBe(
          undefined,
        )
      }),
    )
  })

  it('does not fit with another length, nor does a single value', () => {
    expect(fitArray({ type: 'Double', length: 2 }, [1])).toBeUndefined()
    expect(fitArray({ type: 'Double', length: 2 }, [1, 2, 3])).toBeUndefined()
    expect(fitArray({ type: 'Double', length: 1 }, 1)).toBeUndefined()
  })

  it('is BadDecodingError as a whole where one element is not usable, and the same again tells nobody', () => {
    const pipeline = new Pipeline(indexed([aTag('t', { arrayLength: 2 })]), new ManualClock())
    let told = 0
    pipeline.listen({ changed: () => told++ })
    pipeline.polled(0, [1, 2])
    pipeline.polled(0, [1, 2])
    expect(told).toBe(1)
    pipeline.event(0, [1, 'x'], 2e12)
    expect(pipeline.table.status[0]).toBe(StatusCode.BadDecodingError)
    expect(pipeline.table.value(0)).toEqual([1, 2])
  })

  it('crosses a link between rooms exactly, beside texts and numbers', async () => {
    await fc.assert(
      fc.asyncProperty(anyArray, fc.string(), async ({ type, elements }, text) => {
        const tags = indexed([
          aTag('array', { type, arrayLength: elements.length }),
          aTag('text', { type: 'String' }),
          aTag('number'),
        ])
        const pipeline = new Pipeline(tags, new ManualClock())
        pipeline.polled(0, elements)
        pipeline.polled(1, text)
        pipeline.polled(2, 7)
        const batch = await acrossALink(pipeline)
        expect([...batch.arrayRow]).toEqual([0])
        expect(batch.array[0]).toEqual(elements)
        expect([...batch.textRow]).toEqual([1])
        expect(batch.text).toEqual([text])
        expect(batch.bits[2]).toBe(7)
      }),
      { numRuns: 50 },
    )
  })

  it('is weighed: a reader that is slow is owed the latest, not thousands of them', () => {
    const pipeline = new Pipeline(indexed([aTag('t', { arrayLength: 1_000 })]), new ManualClock())
    const sent: SampleBatch[] = []
    let credits = 1
    const feed = new ChangeFeed(pipeline.table, {
      wantsBatch: () => credits-- > 0,
      send: (batch) => sent.push(batch) > 0,
      due: () => undefined,
    })
    pipeline.listen(feed)
    feed.flush()
    for (let value = 1; value <= 600; value++) pipeline.polled(0, new Array<number>(1_000).fill(value))
    expect(feed.merged).toBeGreaterThan(500)
    credits = 100
    feed.flush()
    expect(sent.at(-1)?.array.at(-1)?.[0]).toBe(600)
  })
})

async function acrossALink(pipeline: Pipeline): Promise<SampleBatch> {
  const { port1, port2 } = new MessageChannel()
  try {
    const received = new Promise<SampleBatch>((resolve) => {
      port2.on('message', (message: { kind: string; batch?: SampleBatch }) => {
        if (message.batch) resolve(message.batch)
      })
    })
    const feed = new ChangeFeed(pipeline.table, {
      wantsBatch: () => true,
      send: (batch) => {
        port1.postMessage({ kind: 'batch', batch }, [batch.arrayRow.buffer as ArrayBuffer])
        return true
      },
      due: () => undefined,
    })
    feed.flush()
    return await received
  } finally {
    port1.close()
    port2.close()
  }
}
