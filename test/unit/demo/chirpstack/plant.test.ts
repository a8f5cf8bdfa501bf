import { describe, expect, it } from 'vitest'
import {
  type DemoDevice,
  DemoLorawanPlant,
  demoDevEuis,
  demoTenant,
  otherDemoTenant,
} from '../../../../src/demo/chirpstack/plant.ts'
import { SimulatedChirpStack } from '../../../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

interface Sent {
  readonly kind: string
  readonly at: number
  readonly body: Record<string, unknown>
}

/** Lets the demonstration run for `minutes` and gives what the device sent. */
async function sentBy(device: DemoDevice, minutes: number): Promise<Sent[]> {
  const clock = new ManualClock()
  const chirpStack = new SimulatedChirpStack({ clock })
  // A repeatable stand-in for chance: the fractional parts of multiples of the golden ratio.
  let n = 0
  const plant = new DemoLorawanPlant({ chirpStack, clock, random: () => (n++ * 0.618_033_988_75) % 1 })
  const sent: Sent[] = []
  chirpStack.logs.follow(demoDevEuis[device], (item) => {
    sent.push({
      kind: item.getDescription(),
      at: clock.now(),
      body: JSON.parse(item.getBody()) as Record<string, unknown>,
    })
  })
  plant.start()
  plant.start()
  await clock.advance(minutes * 60_000)
  plant.stop()
  expect(clock.pendingTimers).toBe(0)
  return sent
}

const objects = (sent: readonly Sent[]) =>
  sent.filter(({ kind }) => kind === 'up').map(({ body }) => body.object as Record<string, unknown>)

const numbers = (sent: readonly Sent[], of: (object: never) => number) =>
  objects(sent).map((object) => of(object as never))

/** The largest change from one value to the next. */
const largestStep = (values: readonly number[]) =>
  Math.max(...values.slice(1).map((value, position) => Math.abs(value - values[position]!)))

describe('the demonstration plant', () => {
  it('sends from each device within two seconds of its start, and then at its interval', async () => {
    for (const device of Object.keys(demoDevEuis) as DemoDevice[]) {
      const [first] = await sentBy(device, 1 / 30)
      expect(first?.kind, device).toBe('up')
    }
    const times = (await sentBy('energyMeter', 5)).filter(({ kind }) => kind === 'up').map(({ at }) => at)
    expect(times.length).toBeGreaterThanOrEqual(58)
    expect(times.length).toBeLessThanOrEqual(62)
  })

  it('has temperatures of a hall, that move slowly', async () => {
    const temperatures = numbers(await sentBy('hallClimate', 240), (o: { temperature: number }) => o.temperature)
    expect(Math.min(...temperatures)).toBeGreaterThan(15)
    expect(Math.max(...temperatures)).toBeLessThan(26)
    expect(new Set(temperatures).size).toBeGreaterThan(3)
    expect(largestStep(temperatures)).toBeLessThan(0.6)
  })

  it('has air that people use up', async () => {
    const co2 = numbers(await sentBy('officeAir', 480), (o: { air: { co2: number } }) => o.air.co2)
    expect(Math.min(...co2)).toBeGreaterThan(380)
    expect(Math.max(...co2)).toBeLessThan(1_300)
    expect(Math.max(...co2) - Math.min(...co2)).toBeGreaterThan(100)
    expect(largestStep(co2)).toBeLessThan(60)
  })

  it('has a tank that stays between empty and full', async () => {
    const levels = numbers(await sentBy('waterTank', 24 * 60), (o: { level: number }) => o.level)
    expect(Math.min(...levels)).toBeGreaterThan(15)
    expect(Math.max(...levels)).toBeLessThan(100)
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(40)
  })

  it('has an energy meter that never counts backwards, and counts what it measures', async () => {
    const sent = await sentBy('energyMeter', 60)
    const energy = numbers(sent, (o: { energy: { import: number } }) => o.energy.import)
    const power = numbers(sent, (o: { power: { total: number } }) => o.power.total)
    expect(energy).toEqual(energy.toSorted((a, b) => a - b))
    const meanKilowatts = power.reduce((sum, each) => sum + each, 0) / power.length / 1_000
    expect(energy.at(-1)! - energy[0]!).toBeCloseTo(meanKilowatts, 0)
  })

  it('has a gate that says the same in words as in bits, and counts its openings', async () => {
    const states = objects(await sentBy('gateContact', 24 * 60))
    for (const { open, state } of states) expect(state).toBe(open ? 'open' : 'closed')
    const opened = states.slice(1).filter(({ open }, position) => open && !states[position]?.open).length
    expect(opened).toBeGreaterThan(0)
    expect(Number(states.at(-1)?.openings) - Number(states[0]?.openings)).toBe(opened)
  })

  it('answers what its battery and its margin are', async () => {
    const [status] = (await sentBy('hallClimate', 1)).filter(({ kind }) => kind === 'status')
    expect(status?.body).toMatchObject({ batteryLevel: 87.4, externalPowerSource: false, margin: expect.any(Number) })
  })

  it('belongs to two tenants', async () => {
    const tenantOf = async (device: DemoDevice) => {
      const [first] = await sentBy(device, 1)
      return (first!.body.deviceInfo as { tenantId: string }).tenantId
    }
    expect(await tenantOf('waterTank')).toBe(demoTenant.id)
    expect(await tenantOf('coldStore')).toBe(otherDemoTenant.id)
  })
})
