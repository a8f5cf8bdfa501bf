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

it('the news are of each device once, until there is something new of it again', () => {
  const config = chirpStackConfig(['a', 'b', 'c'].map((key) => loraDevice(key, key, [])))
  const book = new HealthBook(config, new ManualClock(), () => undefined)
  const news = () => book.news().devices.map(({ key, state }) => `${key} ${state}`)
  expect(news()).toEqual(['a unknown', 'b unknown', 'c unknown'])
  expect(news()).toEqual([])
  book.device('b', 'offline', 'silent')
  book.device('b', 'online')
  book.lostUplinks('c', 1)
  book.device('a', 'unknown')
  book.count('events')
  expect(book.news()).toMatchObject({
    counters: { events: 1, lostUplinks: 1 },
    devices: [
      { key: 'b', state: 'online' },
      { key: 'c', lostUplinks: 1 },
    ],
  })
  expect(news()).toEqual([])
  expect(book.health().devices).toHaveLength(3)
})

it('the news are of devices that come or are switched off, and of none that is gone', () => {
  const devices = ['a', 'b', 'c'].map((key) => loraDevice(key, key, []))
  const book = new HealthBook(chirpStackConfig(devices), new ManualClock(), () => undefined)
  book.news()
  book.device('b', 'online')
  book.device('c', 'online')
  book.follow(
    chirpStackConfig([
      loraDevice('a', 'a', [], { disabled: true }),
      loraDevice('c', 'c', []),
      loraDevice('d', 'd', []),
    ]),
  )
  expect(book.news().devices).toEqual(
    expect.arrayContaining([
      { key: 'a', state: 'disabled', reason: '' },
      { key: 'c', state: 'online', reason: '' },
      { key: 'd', state: 'unknown', reason: '' },
    ]),
  )
  expect(book.news().devices).toEqual([])
})
