import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { Link, type LinkOptions } from '../../../src/link/link.ts'
import { ManualClock } from '../../support/manual-clock.ts'

type Left = { asks: { double: (n: number) => number; hang: (none: null) => null }; tells: { hello: string } }
type Right = { asks: Record<never, never>; tells: Record<never, never> }

const links: { close(): void }[] = []
afterEach(() => {
  for (const link of links.splice(0)) link.close()
})

function aPair(right: Partial<LinkOptions<Right, Left>> = {}, left: Partial<LinkOptions<Left, Right>> = {}) {
  const { port1, port2 } = new MessageChannel()
  const asking = new Link<Left, Right>({ port: port1, clock: systemClock, serves: {}, hears: {}, ...left })
  const answering = new Link<Right, Left>({
    port: port2,
    clock: systemClock,
    serves: { double: (n) => n * 2, hang: () => new Promise<null>(() => undefined) },
    hears: { hello: () => undefined },
    ...right,
  })
  links.push(asking, answering)
  return { asking, answering }
}

function aBatch(value: number): SampleBatch {
  return {
    count: 1,
    tag: Uint32Array.of(0),
    bits: Float64Array.of(value),
    status: Uint32Array.of(0),
    sourceTime: Float64Array.of(0),
    serverTime: Float64Array.of(0),
    textRow: new Uint32Array(0),
    text: [],
    arrayRow: new Uint32Array(0),
    array: [],
  }
}

describe('two rooms on a link', () => {
  it('answer each other', async () => {
    const { asking } = aPair()
    expect(await asking.ask('double', 21)).toBe(42)
  })

  it('hear of an error in words', async () => {
    const { asking } = aPair({
      serves: {
        hang: () => null,
        double: () => {
          throw new Error('no such plant')
        },
      },
    })
    await expect(asking.ask('double', 1)).rejects.toThrow('no such plant')
  })

  it('do not wait for an answer for ever', async () => {
    const { asking } = aPair()
    await expect(asking.ask('hang', null, 20)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('settle every request when the other is gone, and refuse new ones', async () => {
    const onEnd = vi.fn()
    const { asking, answering } = aPair({}, { onEnd })
    const pending = asking.ask('hang', null)
    answering.close()
    await expect(pending).rejects.toMatchObject({ code: 'ROOM_UNAVAILABLE' })
    await expect(asking.ask('double', 1)).rejects.toMatchObject({ code: 'ROOM_UNAVAILABLE' })
    expect(onEnd).toHaveBeenCalledOnce()
  })

  it('keep the order of notes and batches', async () => {
    const heard: unknown[] = []
    const { asking } = aPair({
      hears: { hello: (text) => heard.push(text) },
      onBatch: (batch) => heard.push(batch.bits[0]),
    })
    asking.tell('hello', 'first')
    asking.sendBatch(aBatch(2))
    asking.tell('hello', 'third')
    await vi.waitFor(() => expect(heard).toEqual(['first', 2, 'third']))
  })
})

describe('batches', () => {
  it('stop at the credit of a reader that does not read, and go on when it does', async () => {
    const { port1, port2 } = new MessageChannel()
    const onCredit = vi.fn()
    const sender = new Link<Left, Right>({ port: port1, clock: systemClock, serves: {}, hears: {}, onCredit })
    links.push(sender)
    let sent = 0
    while (sent < 1_000 && sender.sendBatch(aBatch(sent))) sent++
    expect(sent).toBe(16)
    expect(sender.wantsBatch()).toBe(false)

    const received: number[] = []
    links.push(
      new Link<Right, Left>({
        port: port2,
        clock: systemClock,
        serves: { double: (n) => n, hang: () => null },
        hears: { hello: () => undefined },
        onBatch: (batch) => received.push(batch.bits[0] as number),
      }),
    )
    await vi.waitFor(() => expect(onCredit).toHaveBeenCalled())
    await vi.waitFor(() => expect(received).toHaveLength(16))
    expect(sender.wantsBatch()).toBe(true)
  })

  it('are given away with their columns, not copied', () => {
    const { asking } = aPair()
    const batch = aBatch(1)
    asking.sendBatch(batch)
    expect(batch.bits.length).toBe(0)
  })
})

it('a peer that hangs without closing is noticed, and noticed again when it is back', async () => {
  const { port1, port2 } = new MessageChannel()
  const clock = new ManualClock()
  const onSilence = vi.fn()
  const link = new Link<Left, Right>({ port: port1, clock, serves: {}, hears: {}, onSilence })
  links.push(link)
  await clock.advance(3_500)
  expect(onSilence.mock.calls).toEqual([[true]])
  expect(link.silent).toBe(true)
  port2.postMessage({ kind: 'beat' })
  await vi.waitFor(() => expect(onSilence.mock.calls).toEqual([[true], [false]]))
})
