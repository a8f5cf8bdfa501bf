import { EventEmitter } from 'node:events'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PenstockError } from '../../../../src/core/errors.ts'
import { DeviceStream } from '../../../../src/sources/chirpstack/device-stream.ts'
import { OpenGate } from '../../../../src/sources/chirpstack/open-gate.ts'
import type { OpenedStream } from '../../../../src/sources/chirpstack/stream-channels.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const CUT = { code: status.INTERNAL, details: 'Received RST_STREAM with code 2 (Internal server error)' }
const AWAY = { code: status.UNAVAILABLE, details: 'connect ECONNREFUSED 10.0.0.5:8080' }
const REDIS = { code: status.INTERNAL, details: '' }

let clock: ManualClock
let opened: EventEmitter[]
let broken: PenstockError[]
let cuts: number
let abort: AbortController
let done: Promise<void>

beforeEach(async () => {
  clock = new ManualClock(0)
  opened = []
  broken = []
  cuts = 0
  abort = new AbortController()
  const stream = new DeviceStream({
    devEui: 'a81758fffe0a1001',
    open: () => {
      const items = new EventEmitter()
      opened.push(items)
      return { items, close: () => undefined } as unknown as OpenedStream
    },
    gate: new OpenGate(1),
    clock,
    random: () => 0,
    openTimeoutMs: 10_000,
    onAccepted: () => undefined,
    onItem: () => undefined,
    onBroken: (cause) => void broken.push(cause),
    onCut: () => void cuts++,
  })
  done = stream.run(abort.signal, 0)
  await clock.advance(0)
})

afterEach(async () => {
  abort.abort()
  await done
  expect(clock.pendingTimers).toBe(0)
})

/** The server accepts the newest stream, and it stands for so long. */
const stand = (milliseconds: number) => {
  opened.at(-1)?.emit('metadata')
  return clock.advance(milliseconds)
}

const end = async (ended: { code: status; details: string }) => {
  opened.at(-1)?.emit('status', ended)
  await clock.advance(0)
}

describe('a stream that a proxy cuts', () => {
  it.each([
    ['resets', CUT],
    ['ends in order', { code: status.OK, details: '' }],
    ['drops with its connection', { code: status.UNAVAILABLE, details: 'Connection dropped' }],
  ])('every minute, because it %s, is opened again each time without a word', async (_, ended) => {
    for (let minute = 1; minute <= 10; minute++) {
      await stand(60_000)
      await end(ended)
      await clock.advance(500)
      expect(opened).toHaveLength(minute + 1)
    }
    await stand(10_000)
    expect(broken).toEqual([])
    expect(cuts).toBe(10)
  })

  it('is broken at once when it cannot be opened again', async () => {
    await stand(60_000)
    await end(CUT)
    await clock.advance(500)
    await end(AWAY)
    expect(broken.map(({ message }) => message)).toEqual([expect.stringContaining('nothing listens')])
  })

  it('is broken after the grace when nobody accepts it, once', async () => {
    await stand(60_000)
    await end(CUT)
    await clock.advance(4_900)
    expect(broken).toEqual([])
    await clock.advance(200)
    expect(broken.map(({ code }) => code)).toEqual(['CONNECTION_LOST'])
  })

  it('just after it was accepted is broken: it cannot be kept open', async () => {
    await stand(1_000)
    await end(CUT)
    expect(broken).toHaveLength(1)
    expect(cuts).toBe(0)
  })
})

describe('a stream that ChirpStack ends', () => {
  it.each([
    ['with an error', REDIS, 'PROTOCOL_VIOLATION'],
    ['by a refusal', { code: status.UNAUTHENTICATED, details: '' }, 'ACCESS_DENIED'],
  ])('%s is broken however long it stood', async (_, ended, code) => {
    await stand(3_600_000)
    await end(ended)
    expect(broken.map((each) => each.code)).toEqual([code])
  })

  it('by a refusal is asked for again after a minute, not before', async () => {
    await end({ code: status.UNAUTHENTICATED, details: '' })
    await clock.advance(59_000)
    expect(opened).toHaveLength(1)
    await clock.advance(1_000)
    expect(opened).toHaveLength(2)
  })
})
