import { EventEmitter } from 'node:events'
import { Metadata, type ServerWritableStream, status } from '@grpc/grpc-js'
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import type { Caller } from '../../../src/grpc/authority.ts'
import { Calls, type StreamCall } from '../../../src/grpc/call.ts'
import { StreamQuota } from '../../../src/grpc/stream-quota.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** The server's end of a stream whose client takes what it is sent, or does not. */
class StreamStandIn extends EventEmitter {
  readonly metadata = new Metadata()
  readonly request = {}
  readonly destroyed = false
  readonly written: unknown[] = []
  takes = true
  outcome: unknown

  constructor() {
    super()
    this.on('error', (error: unknown) => {
      this.outcome = error
    })
  }

  write(message: unknown, done: () => void): void {
    this.written.push(message)
    if (this.takes) done()
  }

  end(): void {
    this.outcome = 'ended'
  }

  getPeer(): string {
    return '10.0.0.7:50000'
  }
}

let clock: ManualClock
let mayRead: boolean
let dropped: string[]
let calls: Calls
let callers: WeakMap<Metadata, Caller>
beforeEach(() => {
  clock = new ManualClock()
  mayRead = true
  dropped = []
  callers = new WeakMap()
  calls = new Calls({
    clock,
    log: silentLogger,
    quota: new StreamQuota(),
    callers,
    mayRead: async () => mayRead,
    drop: (peer) => dropped.push(peer),
  })
})

type Tell = (call: StreamCall<object, string>) => Promise<void>

function open(tell: Tell, user = 'olga'): StreamStandIn {
  const stream = new StreamStandIn()
  callers.set(stream.metadata, { name: user, roles: ['Observer'], rights: ['read'], stamp: '', address: '10.0.0.7' })
  calls.streaming(tell)(stream as unknown as ServerWritableStream<object, string>)
  return stream
}

const untilOver: Tell = ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

describe('a stream', () => {
  it('ends with what it was for', async () => {
    const stream = open(async ({ send }) => send('all'))
    await clock.advance(0)
    expect(stream).toMatchObject({ written: ['all'], outcome: 'ended' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends for a user who may not read any more, whatever it is for', async () => {
    const stream = open(untilOver)
    await clock.advance(60_000)
    expect(stream.outcome).toBeUndefined()
    mayRead = false
    await clock.advance(5_000)
    expect(stream.outcome).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(clock.pendingTimers).toBe(0)
  })

  it('leaves nothing behind when the client goes in the middle of a message', async () => {
    const stream = open(async ({ send }) => {
      await send('one')
      await send('two')
    })
    stream.takes = false
    await clock.advance(0)
    stream.emit('cancelled')
    await clock.advance(0)
    expect(stream.outcome).toBeUndefined()
    expect(clock.pendingTimers).toBe(0)
  })

  it('of a client that takes nothing for a minute costs it the connection', async () => {
    const stream = new StreamStandIn()
    stream.takes = false
    callers.set(stream.metadata, {
      name: 'olga',
      roles: ['Observer'],
      rights: ['read'],
      stamp: '',
      address: '10.0.0.7',
    })
    calls.streaming(async ({ send }: StreamCall<object, string>) => send('one'))(
      stream as unknown as ServerWritableStream<object, string>,
    )
    await clock.advance(59_000)
    expect(dropped).toEqual([])
    await clock.advance(1_000)
    expect(dropped).toEqual(['10.0.0.7:50000'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('that failed for a reason nobody expected says nothing of it', async () => {
    const stream = open(async () => {
      throw new Error('the secret is 42')
    })
    await clock.advance(0)
    expect(stream.outcome).toMatchObject({ code: status.INTERNAL, details: expect.not.stringContaining('42') })
  })

  it('is one of 256 of all users, and gives its place back', async () => {
    const streams = Array.from({ length: 256 }, (_, position) => open(untilOver, `user-${position % 8}`))
    const more = () => open(untilOver, 'another')
    const refused = more()
    await clock.advance(0)
    expect(refused.outcome).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    for (const stream of streams) stream.emit('cancelled')
    await clock.advance(0)
    const taken = more()
    await clock.advance(0)
    expect(taken.outcome).toBeUndefined()
    expect(clock.pendingTimers).toBe(1)
  })
})
