import { expect, it } from 'vitest'
import { Work, WorkEnded } from '../../../../src/opcua/history/work.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

it('a read works on while its turn lasts, and then lets others go first', async () => {
  const clock = new ManualClock()
  const work = new Work({ clock, isWanted: () => true, timeout: 0 })
  expect(work.pause()).toBeUndefined()
  await clock.advance(10)
  let others = 0
  setImmediate(() => others++)
  await work.pause()
  expect(others).toBe(1)
  expect(work.pause()).toBeUndefined()
})

it('a read ends when nobody waits for it any more, or when the client has waited as long as it would', async () => {
  const clock = new ManualClock()
  let isWanted = true
  const wanted = new Work({ clock, isWanted: () => isWanted, timeout: 0 })
  const hurried = new Work({ clock, isWanted: () => true, timeout: 500 })
  await clock.advance(400)
  await Promise.all([wanted.pause(), hurried.pause()])
  await clock.advance(100)
  isWanted = false
  await expect(wanted.pause()).rejects.toBeInstanceOf(WorkEnded)
  await expect(hurried.pause()).rejects.toBeInstanceOf(WorkEnded)
})

it('a read that has taken long is told to give what it has', async () => {
  const clock = new ManualClock()
  const work = new Work({ clock, isWanted: () => true, timeout: 0 })
  expect(work.isLong).toBe(false)
  await clock.advance(1_000)
  expect(work.isLong).toBe(true)
})
