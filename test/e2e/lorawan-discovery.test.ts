import { expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { API_KEY_ENV, type PlantFolder, writePlant } from '../support/gateway.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'
import { shared } from '../support/shared.ts'

/** A device that somebody adds in ChirpStack appears in the OPC UA client, without anybody configuring it. */
const LATER = 'a81758fffe0a1003'
const LAST = 'a81758fffe0a1004'

let server: ChirpStackServer
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 30_000, interval: 50 })
const findings = async () => {
  const answer = await fetch(`http://127.0.0.1:${plant.httpPort}/findings`)
  return ((await answer.json()) as { sources: { proposals: object[]; drift: { kind: string; devEui: string }[] }[] })
    .sources[0]
}

shared(
  async () => {
    server = await ChirpStackServer.start([HALL, OFFICE])
    const source = {
      key: 'lora',
      kind: 'chirpstack',
      url: `http://127.0.0.1:${server.port}`,
      tenantId: TENANT,
      inventoryPeriod: '1s',
      rules: [
        { name: `${OFFICE}*`, template: 'auto', accept: 'propose' },
        { application: 'Building', template: 'auto' },
      ],
      devices: [{ key: 'hall', devEui: HALL, tags: [{ key: 't', type: 'Double', address: 'object.t' }] }],
    }
    plant = await writePlant([source], { [API_KEY_ENV]: TENANT_KEY })
    gateway = await startGatewayOf(plant)
    scada = await ScadaClient.connect(plant.endpointUrl)
  },
  async () => {
    await scada?.end()
    await gateway?.stop()
    await server?.chirpStack.close()
    plant?.remove()
  },
)

async function streaming(devEui: string): Promise<void> {
  await eventually(() => expect(server.chirpStack.openStreams(devEui)).toBe(1))
}

/** Uplinks of the last seconds, one a second. */
function report(devEui: string, levels: readonly number[]): void {
  const now = Date.now()
  for (const [n, level] of levels.entries()) {
    server.chirpStack.uplink(devEui, { object: { level }, time: now - (levels.length - n) * 1_000 })
  }
}

it('is served with tags learned from its uplinks, follows its name, and goes with it; nobody else notices', async () => {
  await streaming(HALL)
  server.chirpStack.uplink(HALL, { object: { t: 20 } })
  const seen = await scada.watch('hall/t')
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 20, status: 'Good' }))

  server.addDevice(LATER)
  await streaming(LATER)
  report(LATER, [1, 2, 3])
  await eventually(async () => expect(await scada.read(`${LATER}/link-rssi`)).toMatchObject({ status: 'Good' }))
  // ChirpStack repeats what the tag was learned from.
  await eventually(async () => expect(await scada.read(`${LATER}/level`)).toMatchObject({ value: 3, status: 'Good' }))
  server.chirpStack.uplink(LATER, { object: { level: 4 } })
  await eventually(async () => expect(await scada.read(`${LATER}/level`)).toMatchObject({ value: 4, status: 'Good' }))

  server.chirpStack.directory.changeDevice(LATER, { name: 'Cold store' })
  await eventually(async () => expect(await scada.displayName(LATER)).toBe('Cold store'))

  server.chirpStack.deleteDevice(LATER)
  await eventually(async () => expect(await scada.read(`${LATER}/level`)).toMatchObject({ status: 'BadNodeIdUnknown' }))
  server.chirpStack.uplink(HALL, { object: { t: 21 } })
  await eventually(() => expect(seen().at(-1)).toMatchObject({ value: 21, status: 'Good' }))
  expect(new Set(seen().map(({ status }) => status))).toEqual(new Set(['Good']))
  expect(scada.reconnects).toBe(0)
})

it('that a rule only proposes is found among the proposals, and served as soon as the configuration accepts it', async () => {
  await eventually(async () =>
    expect((await findings())?.proposals).toMatchObject([{ devEui: OFFICE, template: 'auto' }]),
  )
  expect((await findings())?.drift).toContainEqual(expect.objectContaining({ kind: 'proposed', devEui: OFFICE }))
  expect(await scada.read(`${OFFICE}/link-rssi`)).toMatchObject({ status: 'BadNodeIdUnknown' })

  const edits = [{ set: ['sources', 'lora', 'accepted'], value: [OFFICE] }]
  const by = { user: 'olga', origin: 'cli' } as const
  const applied = await gateway.configuration.apply({ draft: { edits }, by, comment: '' })
  expect(applied).toMatchObject({ ok: true, live: true })
  await eventually(async () =>
    expect(await scada.read(`${OFFICE}/link-rssi`)).toMatchObject({ status: 'BadWaitingForInitialData' }),
  )
})

it('is still served, with its last values, by a gateway that starts while ChirpStack is down', async () => {
  server.addDevice(LAST)
  await streaming(LAST)
  report(LAST, [1, 2, 3])
  // ChirpStack repeats what the tag was learned from.
  await eventually(async () => expect(await scada.read(`${LAST}/level`)).toMatchObject({ value: 3, status: 'Good' }))
  server.chirpStack.uplink(LAST, { object: { level: 4 } })
  await eventually(async () => expect(await scada.read(`${LAST}/level`)).toMatchObject({ value: 4 }))
  await scada.end()
  await gateway.stop()
  await server.chirpStack.close()

  gateway = await startGatewayOf(plant)
  scada = await ScadaClient.connect(plant.endpointUrl)
  await eventually(async () =>
    expect(await scada.read(`${LAST}/level`)).toMatchObject({
      value: 4,
      status: 'UncertainNoCommunicationLastUsableValue',
    }),
  )
})
