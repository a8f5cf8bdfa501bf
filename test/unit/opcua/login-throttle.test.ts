import { beforeEach, describe, expect, it } from 'vitest'
import { LoginThrottle } from '../../../src/opcua/login-throttle.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let clock: ManualClock
let throttle: LoginThrottle

beforeEach(() => {
  clock = new ManualClock()
  throttle = new LoginThrottle(clock)
})

const fail = (times: number, user = 'olga', address = '10.0.0.1') => {
  for (let failure = 0; failure < times; failure++) throttle.failed(user, address)
}

describe('guessing a password', () => {
  it('is free for a few mistakes', () => {
    fail(4)

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)
  })

  it('locks the user at that address, longer with each further failure, up to a minute', () => {
    const locks = [5, 1, 1, 1, 1, 1, 1].map((times) => {
      fail(times)
      return throttle.lockedFor('olga', '10.0.0.1')
    })

    expect(locks).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('does not lock the same user elsewhere, nor another user at the same address', () => {
    fail(10)

    expect(throttle.lockedFor('olga', '10.0.0.2')).toBe(0)
    expect(throttle.lockedFor('emil', '10.0.0.1')).toBe(0)
  })

  it('of many users from one address locks the address', () => {
    for (let user = 0; user < 20; user++) fail(1, `user-${user}`)

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(2_000)
    expect(throttle.lockedFor('olga', '10.0.0.2')).toBe(0)
  })

  it('is forgotten after a success, and after ten quiet minutes', async () => {
    fail(4)
    throttle.succeeded('olga', '10.0.0.1')
    fail(4)
    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)

    await clock.advance(10 * 60_000)
    fail(4)
    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)
  })

  it('ends by itself when the lock is over', async () => {
    fail(5)
    await clock.advance(2_000)

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)
  })

  it('under ever new names fills no memory: the oldest failures are forgotten', () => {
    fail(5)
    for (let user = 0; user < 2_000; user++) fail(1, `user-${user}`, `10.1.${user >> 8}.${user & 255}`)

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)
  })
})
