import { describe, expect, it } from 'vitest'
import type { SourceState } from '../../../src/core/health.ts'
import { serviceLevel } from '../../../src/opcua/service-level.ts'

const level = (states: readonly SourceState[], rest: { engineHeard?: boolean; storeOk?: boolean } = {}) =>
  serviceLevel({ engineHeard: true, storeOk: true, ...rest, sources: states.map((state) => ({ state })) })

describe('ServiceLevel (OPC 10000-4 §6.6.2)', () => {
  it('is 255 when every source is connected, and when there is none to be missed', () => {
    expect(level(['connected', 'connected'])).toBe(255)
    expect(level([])).toBe(255)
    expect(level(['connected', 'stopped'])).toBe(255)
  })

  it('is degraded, below 200, as soon as one source is not what it should be', () => {
    for (const state of ['degraded', 'starting', 'backoff', 'refused'] as const) {
      expect(level(['connected', 'connected', 'connected', state])).toBeLessThan(200)
    }
  })

  it('falls with every source that is lost, and never says "no data" or "maintenance"', () => {
    const levels = [1, 2, 3, 4].map((lost) =>
      level([...Array<SourceState>(4 - lost).fill('connected'), ...Array<SourceState>(lost).fill('backoff')]),
    )

    expect(levels).toEqual([149, 99, 49, 2])
  })

  it('is degraded when nothing reaches the disk, although every value is there', () => {
    expect(level(['connected'], { storeOk: false })).toBe(199)
  })

  it('is the lowest degraded one while the engine is not heard', () => {
    expect(level(['connected'], { engineHeard: false })).toBe(2)
  })
})
