import { describe, expect, it } from 'vitest'
import { timingOf } from '../../../../../src/sources/modbus/exchange/line-timing.ts'

const line = { path: '/dev/ttyS0', dataBits: 8, parity: 'even', stopBits: 1 } as const

describe('the times of a serial line', () => {
  it.each([
    [9_600, 1.146, 4.01],
    [19_200, 0.573, 2.005],
    [38_400, 0.286, 2],
    [115_200, 0.095, 2],
  ])('at %i baud follow the specification, as far as timers can', (baudRate, characterMs, silenceMs) => {
    const timing = timingOf({ ...line, baudRate })
    expect(timing.characterMs).toBeCloseTo(characterMs, 3)
    expect(timing.silenceMs).toBeCloseTo(silenceMs, 2)
  })

  it('count the bits that a character has', () => {
    const characterMs = (fields: object) => timingOf({ ...line, baudRate: 1_000, ...fields }).characterMs
    expect(characterMs({})).toBe(11)
    expect(characterMs({ parity: 'none' })).toBe(10)
    expect(characterMs({ parity: 'none', stopBits: 2 })).toBe(11)
    expect(characterMs({ dataBits: 7 })).toBe(10)
  })

  it('at very few baud leave the line alone for at least as long as its silence', () => {
    const { guardMs, silenceMs } = timingOf({ ...line, baudRate: 110 })
    expect(silenceMs).toBeGreaterThan(300)
    expect(guardMs).toBe(silenceMs)
  })
})
