import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../../src/core/clock.ts'
import { SensorFleet } from '../../../../src/demo/chirpstack/fleet.ts'
import { SimulatedChirpStack } from '../../../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** A repeatable stand-in for chance: the fractional parts of multiples of the golden ratio. */
const golden = () => {
  let n = 0
  return () => (n++ * 0.618_033_988_75) % 1
}

interface Sent {
  readonly devEui: string
  readonly body: string
}

function aFleet(devices: number) {
  const clock = new ManualClock()
  const sent: Sent[] = []
  const chirpStack = new SimulatedChirpStack({
    clock,
    onEvent: (devEui, item) => sent.push({ devEui, body: item.getBody() }),
  })
  const { id: tenantId } = chirpStack.directory.addTenant({ id: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242', name: 'Works' })
  const fleet = new SensorFleet({ chirpStack, clock, random: golden(), tenantId, devices })
  return { clock, chirpStack, fleet, sent }
}

describe('a fleet of sensors', () => {
  it('of 5,000 sends 400 uplinks a second with one timer, each device in its turn', async () => {
    const { clock, chirpStack, fleet, sent } = aFleet(5_000)
    fleet.start(400)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(5_000)
    expect(sent).toHaveLength(2_000)
    expect(new Set(sent.map(({ devEui }) => devEui)).size).toBe(2_000)
    fleet.stop()
    expect(clock.pendingTimers).toBe(0)
    while (fleet.sent < 10_000) fleet.sendNext()
    expect([...chirpStack.directory.devices.values()].every(({ fCnt }) => fCnt === 2)).toBe(true)
  })

  it('spreads its devices over the applications of its tenant', () => {
    const { chirpStack, fleet } = aFleet(10)
    const counts = fleet.applicationIds.map(
      (id) => [...chirpStack.directory.devices.values()].filter((device) => device.applicationId === id).length,
    )
    expect(counts).toEqual([3, 3, 2, 2])
  })

  it('sends the same again with the same chance', async () => {
    const values = ({ sent }: { sent: readonly Sent[] }) =>
      sent.map(({ devEui, body }) => {
        const { object, deduplicationId, rxInfo } = JSON.parse(body) as Record<string, unknown>
        return { devEui, object, deduplicationId, rxInfo }
      })
    const [first, second] = [aFleet(7), aFleet(7)]
    for (let n = 0; n < 20; n++) {
      first.fleet.sendNext()
      second.fleet.sendNext()
    }
    expect(values(second)).toEqual(values(first))
    expect(new Set(values(first).map(({ deduplicationId }) => deduplicationId)).size).toBe(20)
  })

  it('sends no more than a second of uplinks after its process stood still', () => {
    let now = 0
    let tick: () => void = () => undefined
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      after: () => () => undefined,
      every: (_, action) => {
        tick = action
        return () => undefined
      },
    }
    const chirpStack = new SimulatedChirpStack({ clock })
    const fleet = new SensorFleet({ chirpStack, clock, random: golden(), tenantId: '', devices: 10 })
    fleet.start(100)
    now = 3_600_000
    tick()
    expect(fleet.sent).toBe(100)
  })
})
