import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/main.ts'
import { ChirpStackMetricsServer } from '../support/chirpstack-metrics-server.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { API_KEY_ENV, type PlantFolder, writePlant } from '../support/gateway.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { ScadaClient } from '../support/scada-client.ts'

/** From what ChirpStack gathers to an OPC UA client, through the whole gateway. */
const HALL = 'a81758fffe0a1001'
const ROOF = '0016c001f1500001'
const HOUR = 3_600_000
const closedAt = Math.floor(Date.now() / HOUR) * HOUR

let server: ChirpStackMetricsServer
let plant: PlantFolder
let gateway: Gateway
let scada: ScadaClient

beforeEach(async () => {
  server = await ChirpStackMetricsServer.start('Asia/Tokyo')
  server.addDevice(HALL, { temperature: 'GAUGE', rain: 'ABSOLUTE' }).status = {
    margin: 7,
    externalPowerSource: true,
    batteryLevel: -1,
  }
  server.addGateway(ROOF, { state: 'ONLINE' })
  server.uplink(HALL, closedAt - 1_800_000, { temperature: 21.5, rain: 0 })
  server.gatewayStats(ROOF, closedAt - 1_800_000, { rx: 3, tx: 0 })
  const source = { key: 'lora', kind: 'chirpstack', url: `http://127.0.0.1:${server.port}`, tenantId: TENANT }
  const tags = [
    { key: 'mean', type: 'Double', address: 'metric:temperature@hour' },
    { key: 'rain', type: 'Double', address: 'metric:rain@hour' },
    { key: 'battery', type: 'Double', address: 'inventory:batteryLevel' },
  ]
  const ofGateway = [
    { key: 'state', type: 'String', address: 'gateway:state' },
    { key: 'received', type: 'UInt32', address: 'gateway-metric:rx_packets@hour' },
  ]
  const devices = [
    { key: 'hall', devEui: HALL, tags },
    { key: 'roof', gatewayId: '00:16:C0:01:F1:50:00:01', tags: ofGateway },
  ]
  plant = await writePlant([{ ...source, metricsPeriod: '10s', devices }], { [API_KEY_ENV]: 'key' })
  gateway = await startGatewayOf(plant)
  scada = await ScadaClient.connect(plant.endpointUrl)
})
afterEach(async () => {
  await scada.end()
  await gateway.stop()
  server.close()
  plant.remove()
})

const eventually = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 40_000, interval: 50 })

describe('what ChirpStack gathers', () => {
  it('reaches OPC UA with the end of its bucket as its time, and a doubtful 0 as Uncertain', async () => {
    await eventually(async () =>
      expect(await scada.read('hall/mean')).toEqual({
        value: 21.5,
        type: 'Double',
        status: 'Good',
        sourceTime: closedAt,
      }),
    )
    expect(await scada.read('hall/rain')).toMatchObject({ value: 0, status: 'UncertainDataSubNormal' })
    expect(await scada.read('hall/battery')).toMatchObject({ value: null, status: 'BadNotSupported' })
    await eventually(async () =>
      expect(await scada.read('roof/state')).toMatchObject({ value: 'ONLINE', status: 'Good' }),
    )
    expect(await scada.read('roof/received')).toMatchObject({ value: 3, type: 'UInt32', sourceTime: closedAt })
    const devices = (await gateway.health()).engine?.sources[0]?.devices
    expect(devices?.find(({ key }) => key === 'roof')).toEqual({ key: 'roof', state: 'online', reason: '' })
  })
})
