import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import type { Gateway } from '../../src/main.ts'
import { API_KEY_ENV, type PlantFolder, writePlant } from '../support/gateway.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient, type Shown } from '../support/scada-client.ts'

/** From an uplink in ChirpStack to a subscribed OPC UA client, through the whole gateway; each test has its own device. */
const TENANT = '52f14cd4-c6f1-4fbd-8f87-4025e1d49242'
const KEY = 'tenant-key-for-tests'
/** More than there are tests: one that is tried again gets another. */
const DEVICES = Array.from({ length: 20 }, (_, at) => ({ key: `hall-${at}`, devEui: `a81758fffe0a10${10 + at}` }))

let chirpStack: SimulatedChirpStack
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient
/** Of the test's device: its DevEUI, and its key, behind which its tags stand. */
let climate: string
let hall: string
let used = 0

async function aChirpStack(): Promise<{ server: SimulatedChirpStack; port: number }> {
  const server = new SimulatedChirpStack({ clock: systemClock })
  server.directory.addTenant({ id: TENANT, name: 'Works' })
  server.access.add(KEY, { admin: false, tenantId: TENANT })
  const application = server.directory.addApplication({ tenantId: TENANT, name: 'Building' })
  const profile = server.directory.addProfile({
    tenantId: TENANT,
    name: 'Climate',
    uplinkInterval: 3_600,
    measurements: {},
  })
  for (const { devEui, key: name } of DEVICES) {
    server.directory.addDevice({ devEui, applicationId: application.id, profileId: profile.id, name })
  }
  return { server, port: await server.listen() }
}

beforeAll(async () => {
  const { server, port } = await aChirpStack()
  chirpStack = server
  const tags = [
    { key: 'temperature', type: 'Double', address: 'object.air.temperature', unit: '°C' },
    { key: 'soon-stale', type: 'Double', address: 'object.air.temperature', staleAfter: '2s' },
    { key: 'open', type: 'Boolean', address: 'object.open' },
    { key: 'rssi', type: 'Int32', address: 'link.rssi' },
    { key: 'first-byte', type: 'Byte', address: 'payload@9[0]' },
    { key: 'beyond', type: 'Int16', address: 'payload@9[200]' },
  ]
  const source = { key: 'lora', kind: 'chirpstack', url: `http://127.0.0.1:${port}`, tenantId: TENANT }
  // As it is printed on the device: capital letters, which ChirpStack would answer with an empty stream.
  const printed = (devEui: string) => devEui.toUpperCase().replace(/..(?=.)/g, '$&-')
  const devices = DEVICES.map(({ key, devEui }) => ({ key, devEui: printed(devEui), tags }))
  plant = await writePlant([{ ...source, devices }], { [API_KEY_ENV]: KEY })
  gateway = await startGatewayOf(plant)
  scada = await ScadaClient.connect(plant.endpointUrl)
  await eventually(async () => expect((await gateway.health()).engine?.sources[0]?.state).toBe('connected'))
})
beforeEach(async () => {
  const device = DEVICES[used++]
  climate = device?.devEui ?? ''
  hall = device?.key ?? ''
  await eventually(() => expect(chirpStack.openStreams(climate)).toBe(1))
})
afterAll(async () => {
  await scada.end()
  await gateway.stop()
  await chirpStack.close()
  plant.remove()
})

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 30_000, interval: 50 })
const statuses = (seen: () => Shown[]) => seen().map(({ status }) => status)

describe('an uplink', () => {
  it('arrives with value, type, status and the time at which the network server took it', async () => {
    const seen = await scada.watch(`${hall}/temperature`)
    expect(await scada.read(`${hall}/temperature`)).toMatchObject({ value: null, status: 'BadWaitingForInitialData' })
    const time = Date.now() - 1_234
    chirpStack.uplink(climate, { object: { air: { temperature: 21.3 }, open: true }, time, rssi: -87 })
    await eventually(() =>
      expect(seen().at(-1)).toEqual({ value: 21.3, type: 'Double', status: 'Good', sourceTime: time }),
    )
    expect(await scada.read(`${hall}/open`)).toMatchObject({ value: true, type: 'Boolean', status: 'Good' })
    expect(await scada.read(`${hall}/rssi`)).toMatchObject({ value: -87, type: 'Int32', status: 'Good' })
  })

  it('brings its radio link beside the values without being asked', async () => {
    chirpStack.uplink(climate, { object: { open: true }, dr: 3, snr: 4.5 })
    await eventually(async () =>
      expect(await scada.read(`${hall}/link-sf`)).toMatchObject({ value: 9, status: 'Good' }),
    )
    expect(await scada.read(`${hall}/link-snr`)).toMatchObject({ value: 4.5, type: 'Double', status: 'Good' })
    expect(await scada.read(`${hall}/link-last-seen`)).toMatchObject({ type: 'DateTime', status: 'Good' })
  })

  it('without a codec is read byte by byte, and the device says what its other tags lack', async () => {
    // The simulated device sends its frame counter in digits.
    chirpStack.uplink(climate, { fPort: 9 })
    await eventually(async () => {
      const { value, status } = await scada.read(`${hall}/first-byte`)
      expect(status).toBe('Good')
      expect(String.fromCharCode(Number(value))).toMatch(/\d/)
    })
    expect(await scada.read(`${hall}/beyond`)).toMatchObject({ value: null, status: 'BadDecodingError' })
    const device = (await gateway.health()).engine?.sources[0]?.devices.find(({ key }) => key === hall)
    expect(device?.reason).toContain('there is no codec')
  })

  it('that comes late does not move the value back', async () => {
    const now = Date.now()
    chirpStack.uplink(climate, { object: { air: { temperature: 2 } }, time: now })
    await eventually(async () => expect(await scada.read(`${hall}/temperature`)).toMatchObject({ value: 2 }))
    chirpStack.uplink(climate, { object: { air: { temperature: 1 } }, time: now - 60_000 })
    await eventually(async () =>
      expect((await gateway.health()).engine?.sources[0]?.counters.late).toBeGreaterThanOrEqual(1),
    )
    expect(await scada.read(`${hall}/temperature`)).toMatchObject({ value: 2, sourceTime: now })
  })

  it('of a wrong type is BadDecodingError on its tag alone, and heals with the next', async () => {
    chirpStack.uplink(climate, { object: { air: { temperature: 'warm' }, open: false } })
    await eventually(async () =>
      expect(await scada.read(`${hall}/temperature`)).toMatchObject({ status: 'BadDecodingError' }),
    )
    expect(await scada.read(`${hall}/open`)).toMatchObject({ value: false, status: 'Good' })
    chirpStack.uplink(climate, { object: { air: { temperature: 20 }, open: false } })
    await eventually(async () =>
      expect(await scada.read(`${hall}/temperature`)).toMatchObject({ value: 20, status: 'Good' }),
    )
  })
})

it('a silenced device turns UncertainLastUsableValue at its stale time, with value and source time kept', async () => {
  const seen = await scada.watch(`${hall}/soon-stale`)
  const time = Date.now()
  chirpStack.uplink(climate, { object: { air: { temperature: 21.3 } }, time })
  await eventually(() => expect(statuses(seen)).toContain('UncertainLastUsableValue'))
  expect(seen().at(-1)).toMatchObject({ value: 21.3, status: 'UncertainLastUsableValue', sourceTime: time })
  expect(seen().at(-2)).toMatchObject({ value: 21.3, status: 'Good', sourceTime: time })
  expect(await scada.read(`${hall}/temperature`)).toMatchObject({ status: 'Good' })
})

it('a ChirpStack that is gone leaves the values Uncertain, and they are confirmed by its replay when it is back', async () => {
  const seen = await scada.watch(`${hall}/temperature`)
  const time = Date.now()
  chirpStack.uplink(climate, { object: { air: { temperature: 21.3 } }, time })
  await eventually(() => expect(seen().at(-1)?.status).toBe('Good'))
  chirpStack.setUnavailable('silent')
  chirpStack.breakStreams()
  await eventually(() => expect(seen().at(-1)?.status).toBe('UncertainNoCommunicationLastUsableValue'))
  chirpStack.setUnavailable(undefined)
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 21.3, status: 'Good', sourceTime: time }))
  chirpStack.uplink(climate, { object: { air: { temperature: 22 } } })
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 22, status: 'Good' }))
})
