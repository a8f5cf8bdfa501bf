import gatewayPb from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import type { Metric } from '@chirpstack/chirpstack-api/common/common_pb.js'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ChirpStackClients, timestamp } from '../support/chirpstack-clients.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { HALL, TENANT_KEY } from '../support/chirpstack-server.ts'
import { setUp, siteOf } from '../support/chirpstack-site.ts'
import { ManualClock } from '../support/manual-clock.ts'

const FOREIGN_TENANT = '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e'
const ROOF = '0016c001f153a14c'
const YARD = '0016c001f1500812'
const QUAY = '0016c001f1600001'
const { GatewayState, ListGatewaysRequest } = gatewayPb

let chirpStack: SimulatedChirpStack
let clock: ManualClock
let port: number
const clients: ChirpStackClients[] = []

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 6, 23, 10, 30))
  chirpStack = new SimulatedChirpStack({ clock })
  const location = { latitude: 52.5, longitude: 13.4, altitude: 34 }
  setUp(
    chirpStack,
    siteOf([HALL], {
      gateways: [
        { gatewayId: ROOF, tenantId: TENANT, name: 'Roof', location, tags: { hall: '3' } },
        { gatewayId: YARD, tenantId: TENANT, name: 'Yard' },
        { gatewayId: QUAY, tenantId: FOREIGN_TENANT, name: 'Quay' },
      ],
    }),
  )
  chirpStack.access.add('admin', { admin: true })
  port = await chirpStack.listen()
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await chirpStack.close()
})

function as(key: string | undefined): ChirpStackClients {
  const api = new ChirpStackClients(port, key)
  clients.push(api)
  return api
}

async function list(api: ChirpStackClients, tenantId: string, limit = 10) {
  const request = new gatewayPb.ListGatewaysRequest()
  request.setTenantId(tenantId)
  request.setLimit(limit)
  request.setOrderBy(ListGatewaysRequest.OrderBy.GATEWAY_ID)
  return api.ask(api.gateways, api.gateways.list, request)
}

function get(api: ChirpStackClients, gatewayId: string) {
  const request = new gatewayPb.GetGatewayRequest()
  request.setGatewayId(gatewayId)
  return api.ask(api.gateways, api.gateways.get, request)
}

async function metricsOf(gatewayId: string) {
  const api = as(TENANT_KEY)
  const request = new gatewayPb.GetGatewayMetricsRequest()
  request.setGatewayId(gatewayId)
  request.setStart(timestamp(clock.now()))
  request.setEnd(timestamp(clock.now()))
  return api.ask(api.gateways, api.gateways.getMetrics, request)
}

const byLabel = (metric: Metric | undefined) =>
  Object.fromEntries(metric?.getDatasetsList().map((each) => [each.getLabel(), each.getDataList()]) ?? [])

describe('a list of gateways', () => {
  it('has those of the tenant, and how they are: never seen, online, silent for more than two intervals', async () => {
    const api = as(TENANT_KEY)
    const states = async () =>
      (await list(api, TENANT)).getResultList().map((row) => [row.getGatewayId(), row.getState(), row.hasLastSeenAt()])
    expect(await states()).toEqual([
      [YARD, GatewayState.NEVER_SEEN, false],
      [ROOF, GatewayState.NEVER_SEEN, false],
    ])
    chirpStack.network.gatewayStats.report(ROOF)
    await clock.advance(60_000)
    expect(await states()).toContainEqual([ROOF, GatewayState.ONLINE, true])
    await clock.advance(1)
    expect(await states()).toContainEqual([ROOF, GatewayState.OFFLINE, true])
    expect((await list(api, TENANT, 0)).getTotalCount()).toBe(2)
  })

  it('is not checked against the key: anybody is shown the gateways of any tenant, and of all', async () => {
    const ids = async (key: string | undefined, tenantId: string) =>
      (await list(as(key), tenantId)).getResultList().map((row) => row.getGatewayId())
    expect(await ids(TENANT_KEY, FOREIGN_TENANT)).toEqual([QUAY])
    expect(await ids(TENANT_KEY, '')).toEqual([YARD, ROOF, QUAY])
    expect(await ids(undefined, TENANT)).toEqual([YARD, ROOF])
    chirpStack.access.revoke(TENANT_KEY)
    expect(await ids(TENANT_KEY, TENANT)).toEqual([YARD, ROOF])
    await expect(list(as('a.b.c'), TENANT)).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
  })
})

describe('a gateway', () => {
  it('is shown to whom it belongs, with its place and tags', async () => {
    const gateway = (await get(as(TENANT_KEY), ROOF.toUpperCase())).getGateway()
    expect(gateway?.toObject()).toMatchObject({
      gatewayId: ROOF,
      name: 'Roof',
      statsInterval: 30,
      location: { latitude: 52.5, longitude: 13.4, altitude: 34 },
      tagsMap: [['hall', '3']],
    })
    await expect(get(as(TENANT_KEY), QUAY)).rejects.toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
    await expect(get(as('admin'), '0000000000000009')).rejects.toMatchObject({ code: status.NOT_FOUND })
    await expect(get(as('admin'), 'roof')).rejects.toMatchObject({ code: status.INTERNAL })
  })

  it('counts the uplinks that it heard and the downlinks that it sent, once it reports them', async () => {
    chirpStack.queues.enqueue(HALL, {
      fPort: 1,
      data: Buffer.from([1]),
      confirmed: false,
      isEncrypted: false,
      expiresAt: undefined,
      fCntDown: undefined,
    })
    for (const dr of [5, 5, 0]) chirpStack.uplink(HALL, { dr, receptions: [{ gatewayId: ROOF, rssi: -80, snr: 7 }] })
    expect(byLabel((await metricsOf(ROOF)).getRxPackets())).toEqual({ rx_count: [0] })
    chirpStack.network.gatewayStats.report()
    const metrics = await metricsOf(ROOF)
    expect(byLabel(metrics.getRxPackets())).toEqual({ rx_count: [3] })
    expect(byLabel(metrics.getTxPackets())).toEqual({ tx_count: [1] })
    expect(byLabel(metrics.getRxPacketsPerDr())).toEqual({ 0: [1], 5: [2] })
    expect(byLabel(metrics.getRxPacketsPerFreq())).toEqual({ 868100000: [1], 868300000: [1], 868500000: [1] })
    expect(byLabel(metrics.getTxPacketsPerStatus())).toEqual({ OK: [1] })
    expect(byLabel((await metricsOf(YARD)).getRxPackets())).toEqual({ rx_count: [0] })
  })

  it('tells its duty cycle by the minute, band by band', async () => {
    const band = { name: 'M', frequencyMin: 868_000_000, frequencyMax: 868_600_000, maxPermille: 10 }
    chirpStack.network.gatewayStats.report(ROOF, [{ ...band, loadPercent: 25 }])
    const api = as(TENANT_KEY)
    const request = new gatewayPb.GetGatewayDutyCycleMetricsRequest()
    request.setGatewayId(ROOF)
    request.setStart(timestamp(clock.now() - 60_000))
    request.setEnd(timestamp(clock.now()))
    const response = await api.ask(api.gateways, api.gateways.getDutyCycleMetrics, request)
    const label = 'M (868.00MHz - 868.60MHz: 1.00%)'
    expect(byLabel(response.getMaxLoadPercentage())).toEqual({ [label]: [0, 25] })
    expect(byLabel(response.getWindowPercentage())).toEqual({ [label]: [0, 0.25] })
  })
})
