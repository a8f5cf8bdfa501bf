import { beforeEach, describe, expect, it } from 'vitest'
import { ConnectLimiter } from '../../../src/sources/connect-limiter.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('ConnectLimiter', () => {
  let clock: ManualClock
  let limiter: ConnectLimiter
  let begun: number[]
  const never = new AbortController().signal

  beforeEach(() => {
    clock = new ManualClock()
    limiter = new ConnectLimiter(clock)
    begun = []
  })

  /** One source that connects, which takes `ms`. */
  const connect = (ms: number, signal = never) =>
    limiter.run(signal, () => {
      begun.push(clock.monotonic())
      return new Promise<void>((resolve) => void clock.after(ms, resolve))
    })

  it('lets the first connect at once', async () => {
    void connect(10)
    await clock.advance(0)
    expect(begun).toEqual([0])
  })

  it('lets 500 devices that come back at once connect at 50 a second', async () => {
    for (let n = 0; n < 500; n++) void connect(10)
    await clock.advance(1_000)
    expect(begun.length).toBeGreaterThanOrEqual(50)
    expect(begun.length).toBeLessThanOrEqual(51)
    await clock.advance(9_000)
    expect(begun).toHaveLength(500)
  })

  it('holds at most 100 attempts at a time, and goes on when one ends', async () => {
    for (let n = 0; n < 200; n++) void connect(60_000)
    await clock.advance(59_000)
    expect(begun).toHaveLength(100)
    await clock.advance(5_000)
    expect(begun).toHaveLength(200)
  })

  it('counts an attempt that failed as ended', async () => {
    const attempts = Array.from({ length: 150 }, () =>
      limiter.run(never, async () => {
        begun.push(clock.monotonic())
        throw new Error('refused')
      }),
    )
    const ends = Promise.allSettled(attempts)
    await clock.advance(5_000)
    expect(begun).toHaveLength(150)
    expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']))
  })

  it('gives up the place of a source that is stopped while it waits, and leaves no timer', async () => {
    const stop = new AbortController()
    void connect(10)
    const second = connect(10, stop.signal)
    stop.abort()
    await expect(second).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(connect(10, stop.signal)).rejects.toMatchObject({ code: 'STOPPED' })
    await clock.advance(1_000)
    expect(begun).toEqual([0])
    expect(clock.pendingTimers).toBe(0)
  })
})
