import { expect, it, vi } from 'vitest'
import { HealthBook } from '../../../src/sources/health-book.ts'
import { chirpStackConfig, loraDevice } from '../../support/chirpstack-plant.ts'
import { ManualClock } from '../../support/manual-clock.ts'

it('missing uplinks stand beside their device, whatever its state, and in sum beside the source', () => {
  const onChange = vi.fn()
  const devices = ['a', 'b', 'c'].map((key) => loraDevice(key, key, []))
  const book = new HealthBook(chirpStackConfig(devices), new ManualClock(), onChange)
  book.lostUplinks('a', 5)
  book.lostUplinks('b', 0)
  book.device('a', 'online')
  expect(onChange).toHaveBeenCalledTimes(3)
  expect(book.health()).toMatchObject({
    counters: { lostUplinks: 5 },
    devices: [
      { key: 'a', state: 'online', lostUplinks: 5 },
      { key: 'b', state: 'unknown', lostUplinks: 0 },
      { key: 'c', state: 'unknown' },
    ],
  })
  expect(book.health().devices[2]).not.toHaveProperty('lostUplinks')
  book.lostUplinks('b', 2)
  book.lostUplinks('a', 4)
  book.lostUplinks('a', 4)
  expect(book.health().counters.lostUplinks).toBe(6)
  expect(onChange).toHaveBeenCalledTimes(5)
})
