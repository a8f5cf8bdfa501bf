import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { LoginThrottle } from '../../../src/core/login-throttle.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const DAY = 86_400_000

let clock: ManualClock
let throttle: LoginThrottle
let guesses: number

beforeEach(() => {
  clock = new ManualClock()
  throttle = new LoginThrottle(clock)
  guesses = 0
})

/** Wrong passwords, each another. */
const fail = (times: number, user = 'olga', address = '10.0.0.1') => {
  for (let failure = 0; failure < times; failure++) throttle.failed(user, address, `guess-${guesses++}`)
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

  it('of an address is forgiven by and by, also while it goes on', async () => {
    for (let user = 0; user < 19; user++) fail(1, `user-${user}`)
    await clock.advance(10 * 60_000)
    for (let user = 0; user < 10; user++) fail(1, `other-${user}`)
    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)

    fail(1, 'one-more')
    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(2_000)
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

  it.each([
    ['one user', 1],
    ['as many users as stay below the limit of each', 40],
  ])('of %s is so slow that a day brings hardly more than one guess a minute', (_case, users) => {
    let elapsed = 0
    const throttle = new LoginThrottle({ ...systemClock, monotonic: () => elapsed })
    let made = 0
    for (let time = 0; time < DAY; time += 10_000) {
      for (let user = 0; user < users; user++) {
        if (throttle.lockedFor(`user-${user}`, '10.0.0.1') > 0) continue
        throttle.failed(`user-${user}`, '10.0.0.1', `guess-${made++}`)
      }
      elapsed += 10_000
    }

    expect(made).toBeGreaterThan(20)
    expect(made).toBeLessThan(1_440 + 60)
  })
})

describe('a client that tries one wrong password for ever', () => {
  it('locks nobody, not even its own user', () => {
    for (let attempt = 0; attempt < 1_000; attempt++) throttle.failed('olga', '10.0.0.1', 'the old password')

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)
    expect(throttle.lockedFor('emil', '10.0.0.1')).toBe(0)
  })
})

describe('a user who has logged in at an address', () => {
  it('is not concerned when others there guess', () => {
    throttle.succeeded('olga', '10.0.0.1')
    for (let user = 0; user < 40; user++) fail(1, `user-${user}`)

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(0)
    expect(throttle.lockedFor('emil', '10.0.0.1')).toBe(60_000)
  })

  it('is locked like any other when that password is guessed', () => {
    throttle.succeeded('olga', '10.0.0.1')
    fail(10)

    expect(throttle.lockedFor('olga', '10.0.0.1')).toBe(60_000)
  })
})
