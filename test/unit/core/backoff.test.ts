import { expect, it } from 'vitest'
import { Backoff } from '../../../src/core/backoff.ts'

it('waits grow up to the limit and begin again after a reset', () => {
  const backoff = new Backoff({ first: 100, most: 400 }, () => 1)
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400, 400])
  backoff.reset()
  expect(backoff.next()).toBe(100)
})

it('waits differ between those that failed together, by up to half', () => {
  expect(new Backoff({ first: 100, most: 400 }, () => 0).next()).toBe(50)
})
