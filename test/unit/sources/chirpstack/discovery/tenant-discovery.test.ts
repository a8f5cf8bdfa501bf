import { beforeEach, describe, expect, it } from 'vitest'
import { MEMORY_PARTS, sourceMemory } from '../../../../../src/core/device-memory.ts'
import { silentLogger } from '../../../../../src/core/logger.ts'
import type { ChirpStackSourceConfig } from '../../../../../src/core/plant.ts'
import { partOf } from '../../../../../src/sources/chirpstack/discovery/kept-discovery.ts'
import { TenantDiscovery } from '../../../../../src/sources/chirpstack/discovery/tenant-discovery.ts'
import { chirpStackConfig, TENANT } from '../../../../support/chirpstack-plant.ts'
import { DeviceMemories } from '../../../../support/device-memories.ts'
import { TakenOffers } from '../../../../support/device-offers.ts'
import { HALL, mirrored, mirrorOf, OFFICE, rule } from '../../../../support/discovery-mirror.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const MINUTE = 60_000
const devEuiOf = (n: number) => n.toString(16).padStart(16, '0')
const fleet = (size: number) => mirrorOf(Array.from({ length: size }, (_, n) => mirrored(devEuiOf(n))))

let clock: ManualClock
let memory: DeviceMemories
let offers: TakenOffers

beforeEach(() => {
  clock = new ManualClock()
  memory = new DeviceMemories()
  offers = new TakenOffers()
  configure({ rules: [rule()] })
})

const configure = (fields: Partial<ChirpStackSourceConfig>) => {
  offers.source = chirpStackConfig([], fields)
}

const discoveryOf = (tenantId = TENANT) =>
  new TenantDiscovery({
    sourceKey: 'lora',
    tenantId,
    context: { clock, log: silentLogger, memory },
    offers: offers as TakenOffers & { configured(): ChirpStackSourceConfig },
  })

let sequence = 0
/** An uplink of now. */
function report(discovery: TenantDiscovery, devEui: string, object: Record<string, unknown>): void {
  const body = { fPort: 2, object }
  discovery.takeUplink(devEui, { body, time: clock.now() + ++sequence, deduplicationId: undefined })
}

async function learn(discovery: TenantDiscovery, devEui: string, name = 'level'): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await clock.advance(1_000)
    report(discovery, devEui, { [name]: n })
  }
}

const served = () => offers.served.map(({ key }) => key)
const tagsOf = (devEui: string) =>
  offers.served.find(({ key }) => key === devEui)?.tags.map(({ address }) => address) ?? 'not served'

describe('a decision about thousands of devices', () => {
  it('is made some devices a turn, and said once, when it is whole', async () => {
    const turns: number[] = []
    let looked = 0
    const devices = fleet(1_000).devices.map((device) =>
      Object.defineProperty({ ...device }, 'description', {
        enumerable: true,
        get: () => {
          looked++
          return ''
        },
      }),
    )
    const discovery = discoveryOf()
    const { after } = clock
    clock.after = (delay, action) =>
      after.call(clock, delay, () => {
        looked = 0
        action()
        turns.push(looked)
        expect([0, 1_000]).toContain(offers.served.length)
      })
    discovery.takeInventory(mirrorOf(devices))
    expect(looked).toBe(0)
    await clock.advance(1_000)
    expect(offers.served).toHaveLength(1_000)
    // The description of each is read a few times.
    expect(turns.length).toBeGreaterThanOrEqual(20)
    expect(Math.max(...turns)).toBeLessThanOrEqual(2 * 50)
    expect(offers.said).toBe(1)
  })

  it('begins anew where the configuration changes meanwhile, and says nothing of the former one', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(fleet(200))
    configure({ rules: [rule()], rejected: [devEuiOf(0)] })
    discovery.reconsider()
    await clock.advance(1_000)
    expect(offers.said).toBe(1)
    expect(offers.served).toHaveLength(199)
  })

  it('is made again where an inventory comes meanwhile', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(fleet(200))
    discovery.takeInventory(fleet(201))
    await clock.advance(1_000)
    expect(offers.served).toHaveLength(201)
  })

  it('is not said any more after a stop', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(fleet(200))
    discovery.stop()
    await clock.advance(1_000)
    expect(offers.said).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives of devices that stay the same the same objects, so that nobody has to compare them', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(fleet(3))
    await clock.advance(1_000)
    const before = offers.served
    discovery.takeInventory(
      mirrorOf(
        fleet(3).devices.map((device, n) => ({ ...device, lastSeenAt: 7, name: n === 1 ? 'New' : device.name })),
      ),
    )
    await clock.advance(1_000)
    expect(offers.served.map((device, n) => device === before[n])).toEqual([true, false, true])
  })
})

describe('what was learned', () => {
  const parts = () => [...memory.kept.keys()]

  it('is there in the next run, also before ChirpStack is reached', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(mirrorOf([mirrored(HALL), mirrored(OFFICE)]))
    await learn(discovery, HALL)
    discovery.stop()
    discoveryOf().decide()
    await clock.advance(1_000)
    expect(tagsOf(HALL)).toEqual(['object.level'])
    expect(served()).toEqual([HALL, OFFICE])
  })

  it('is written in ten seconds, of the devices that it is about; what uplinks merely count, in ten minutes', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(mirrorOf([mirrored(HALL), mirrored(OFFICE)]))
    await clock.advance(11_000)
    expect(new Set(parts())).toEqual(
      new Set([sourceMemory('lora'), sourceMemory('lora', partOf(HALL)), sourceMemory('lora', partOf(OFFICE))]),
    )
    memory.kept.clear()
    await learn(discovery, HALL)
    await clock.advance(11_000)
    expect(parts()).toEqual([sourceMemory('lora', partOf(HALL))])
    memory.kept.clear()
    report(discovery, HALL, { level: 4 })
    await clock.advance(9 * MINUTE)
    expect(parts()).toEqual([])
    await clock.advance(2 * MINUTE)
    expect(parts()).toEqual([sourceMemory('lora', partOf(HALL))])
    expect(clock.pendingTimers).toBe(0)
  })

  it('of another tenant is not believed, nor found again later', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(mirrorOf([mirrored(HALL)]))
    await learn(discovery, HALL)
    discovery.stop()
    const other = discoveryOf('00000000-0000-0000-0000-000000000002')
    other.decide()
    await clock.advance(1_000)
    expect(served()).toEqual([])
    other.stop()
    expect(memory.kept.get(sourceMemory('lora', partOf(HALL)))).not.toContain(HALL)
  })

  it('is learned anew where a part of it cannot be read, and the rest is kept', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(mirrorOf([mirrored(HALL), mirrored(OFFICE)]))
    await learn(discovery, HALL)
    await learn(discovery, OFFICE)
    discovery.stop()
    memory.kept.set(sourceMemory('lora', partOf(HALL)), '{"version":1,"devices":[{')
    discoveryOf().decide()
    await clock.advance(1_000)
    expect([tagsOf(HALL), tagsOf(OFFICE)]).toEqual([[], ['object.level']])
  })

  it('is forgotten when the operator rejects the device, and learned anew when it is taken back', async () => {
    const discovery = discoveryOf()
    discovery.takeInventory(mirrorOf([mirrored(HALL)]))
    await learn(discovery, HALL, 'old')
    await clock.advance(2_000)
    expect(tagsOf(HALL)).toEqual(['object.old'])
    configure({ rules: [rule()], rejected: [HALL] })
    discovery.reconsider()
    await learn(discovery, HALL, 'unheard')
    await clock.advance(2_000)
    expect(tagsOf(HALL)).toBe('not served')
    configure({ rules: [rule()] })
    discovery.reconsider()
    await learn(discovery, HALL, 'new')
    await clock.advance(2_000)
    expect(tagsOf(HALL)).toEqual(['object.new'])
  })

  it('stands in the part of its DevEUI, of which there are as many as the engine keeps', () => {
    const parts = Array.from({ length: 512 }, (_, n) => partOf(devEuiOf(n)))
    expect(new Set(parts).size).toBe(MEMORY_PARTS)
    expect(Math.max(...parts)).toBe(MEMORY_PARTS - 1)
  })
})

it('a source that has left the plant, and is not stopped yet, hears uplinks without harm and says nothing', async () => {
  const discovery = discoveryOf()
  discovery.takeInventory(mirrorOf([mirrored(HALL)]))
  offers.configured = () => undefined
  report(discovery, HALL, { level: 1 })
  discovery.decide()
  await clock.advance(5_000)
  expect([discovery.active, offers.said]).toEqual([false, 0])
})
