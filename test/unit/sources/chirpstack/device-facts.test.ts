import { describe, expect, it } from 'vitest'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { DeviceFacts } from '../../../../src/sources/chirpstack/device-facts.ts'
import { EventContext } from '../../../support/chirpstack-context.ts'
import { chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../../../support/chirpstack-plant.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function known(tags: readonly TagConfig[]) {
  const clock = new ManualClock()
  const [device] = loraDevicesOf(chirpStackConfig([loraDevice('hall', 'a81758fffe0a1001', tags)]))
  const context = new EventContext(clock, device!.tags)
  return { clock, sink: context.sink, facts: new DeviceFacts(device!.tags, context) }
}

describe('what the gateway knows of a device', () => {
  it('is its age in seconds, told when it speaks and now and then while it does not', () => {
    const { clock, sink, facts } = known([
      loraTag('age', 'device.age'),
      loraTag('whole', 'device.age', { type: 'UInt32' }),
    ])
    const lastHeard = clock.now() - 1_500
    facts.tell({ lastHeard, interval: 600_000 })
    expect([sink.last('hall/age'), sink.last('hall/whole')]).toEqual([1.5, 1])
    clock.jump(29_000)
    facts.tell({ lastHeard, interval: 600_000 })
    expect(sink.values('hall/age')).toEqual([1.5])
    clock.jump(1_000)
    facts.tell({ lastHeard, interval: 600_000 })
    expect(sink.values('hall/age')).toEqual([1.5, 31.5])
    facts.tell({ lastHeard: clock.now(), interval: 600_000 })
    expect(sink.last('hall/age')).toBe(0)
  })

  it('is told at least once a minute, so that it does not turn stale, and at most every 10 s', () => {
    const slow = known([loraTag('age', 'device.age')])
    const lastHeard = slow.clock.now()
    for (let second = 0; second <= 120; second++) {
      slow.facts.tell({ lastHeard, interval: 86_400_000 })
      slow.clock.jump(1_000)
    }
    expect(slow.sink.values('hall/age')).toEqual([0, 60, 120])
    const fast = known([loraTag('age', 'device.age')])
    for (let second = 0; second <= 20; second++) {
      fast.facts.tell({ lastHeard: 0, interval: undefined })
      fast.clock.jump(1_000)
    }
    expect(fast.sink.values('hall/age')).toHaveLength(3)
  })

  it('is when it was last heard, as text or as milliseconds of the epoch, with that time', () => {
    const { sink, facts } = known([
      loraTag('text', 'device.lastSeen', { type: 'String' }),
      loraTag('number', 'device.lastSeen', { type: 'UInt64' }),
    ])
    facts.tell({ lastHeard: 1_700_000_000_000, interval: undefined })
    expect(sink.told).toMatchObject([
      { value: '2023-11-14T22:13:20.000Z', time: 1_700_000_000_000 },
      { value: 1_700_000_000_000n, time: 1_700_000_000_000 },
    ])
  })

  it('is how often it reports, told again only when that changed', () => {
    const { sink, facts } = known([loraTag('every', 'device.uplinkInterval')])
    for (const interval of [undefined, 600_000, 600_000, 60_000]) facts.tell({ lastHeard: undefined, interval })
    expect(sink.values('hall/every')).toEqual([600, 60])
  })

  it('is nothing of a device that was never heard', () => {
    const { sink, facts } = known([
      loraTag('age', 'device.age'),
      loraTag('seen', 'device.lastSeen', { type: 'String' }),
    ])
    facts.tell({ lastHeard: undefined, interval: 600_000 })
    expect(sink.told).toEqual([])
  })
})
