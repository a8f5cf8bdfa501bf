import { describe, expect, it } from 'vitest'
import { DeviceBreaker } from '../../../src/sources/device-breaker.ts'

/** Fails until open, then through `probes` probes; the waits between them. */
function waitsOf(breaker: DeviceBreaker, probes: number): number[] {
  const waits: number[] = []
  let now = 0
  while (!breaker.open) breaker.failed(now, 500)
  for (let probe = 0; probe < probes; probe++) {
    const retryAt = breaker.retryAt ?? Number.NaN
    waits.push(retryAt - now)
    now = retryAt
    breaker.failed(now, 500)
  }
  return waits
}

describe('DeviceBreaker', () => {
  it('opens at the third miss in a row, not at three in all', () => {
    const breaker = new DeviceBreaker(() => 0)
    for (const outcome of ['failed', 'failed', 'ok', 'failed', 'failed'] as const) {
      if (outcome === 'ok') breaker.answered()
      else breaker.failed(0, 500)
    }
    expect(breaker.open).toBe(false)
    breaker.failed(0, 500)
    expect(breaker.open).toBe(true)
  })

  it('probes ever more rarely, up to once a minute, and never all devices at the same moment', () => {
    expect(waitsOf(new DeviceBreaker(() => 0.999_999), 8).map(Math.round)).toEqual([
      2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ])
    expect(waitsOf(new DeviceBreaker(() => 0), 3)).toEqual([1_000, 2_000, 4_000])
  })

  it('keeps its long waits for a device that answers a probe but no whole cycle', () => {
    const breaker = new DeviceBreaker(() => 0)
    waitsOf(breaker, 4)
    breaker.answered()
    expect(waitsOf(breaker, 1)[0]).toBeGreaterThan(10_000)
    breaker.answered()
    breaker.succeeded()
    expect(waitsOf(breaker, 1)).toEqual([1_000])
  })

  it('probes at once over a new connection', () => {
    const breaker = new DeviceBreaker(() => 0)
    waitsOf(breaker, 5)
    breaker.reconnected(77)
    expect(breaker.retryAt).toBe(77)
    const closed = new DeviceBreaker(() => 0)
    closed.reconnected(77)
    expect(closed.open).toBe(false)
  })
})
