import { describe, expect, it } from 'vitest'
import { UnaskedBytes } from '../../../src/sources/unasked-bytes.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('what a device sends unasked', () => {
  it('is borne for ever as long as it is no more than a serial line of 921,600 baud brings', async () => {
    const clock = new ManualClock()
    const unasked = new UnaskedBytes(clock)
    for (let turn = 0; turn < 1_000; turn++) {
      await clock.advance(20)
      expect(unasked.bear(1_843)).toBe(true)
    }
  })

  it('is borne when much of it comes at once after a silence', async () => {
    const clock = new ManualClock()
    const unasked = new UnaskedBytes(clock)
    await clock.advance(3_600_000)
    expect(unasked.bear(32 * 1024)).toBe(true)
    expect(unasked.bear(1)).toBe(false)
  })

  it('is too much when more comes than any line brings', async () => {
    const clock = new ManualClock()
    const unasked = new UnaskedBytes(clock)
    let turns = 0
    for (; turns < 1_000 && unasked.bear(4 * 1024); turns++) await clock.advance(20)
    expect(turns).toBeLessThan(50)
  })
})
