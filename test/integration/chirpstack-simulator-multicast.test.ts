import { MulticastGroupServiceClient } from '@chirpstack/chirpstack-api/api/multicast_group_grpc_pb.js'
import multicastPb from '@chirpstack/chirpstack-api/api/multicast_group_pb.js'
import { credentials, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transmission } from '../../src/demo/chirpstack/downlinks.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ChirpStackClients, timestamp } from '../support/chirpstack-clients.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { SITE_APPLICATION, setUp, siteOf } from '../support/chirpstack-site.ts'
import { ManualClock } from '../support/manual-clock.ts'

const FOREIGN_TENANT = '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e'

let chirpStack: SimulatedChirpStack
let clock: ManualClock
let received: Transmission[]
let client: MulticastGroupServiceClient
let groupId: string
let port: number
const apis: ChirpStackClients[] = []

beforeEach(async () => {
  clock = new ManualClock()
  received = []
  chirpStack = new SimulatedChirpStack({ clock, onTransmit: (transmission) => received.push(transmission) })
  setUp(chirpStack, siteOf([HALL, OFFICE]))
  const { directory, access } = chirpStack
  access.add('reader', { admin: false, tenantId: TENANT, readOnly: true })
  access.add('foreign', { admin: false, tenantId: FOREIGN_TENANT })
  const foreign = directory.addApplication({ tenantId: FOREIGN_TENANT, name: 'Quay' }).id
  directory.addMulticastGroup({ applicationId: foreign, name: 'Cranes' })
  const group = { applicationId: SITE_APPLICATION, name: 'Valves', devEuis: [HALL, OFFICE], gatewayIds: ['1', '2'] }
  groupId = directory.addMulticastGroup(group).id
  port = await chirpStack.listen()
  client = new MulticastGroupServiceClient(`127.0.0.1:${port}`, credentials.createInsecure())
})

afterEach(async () => {
  for (const api of apis.splice(0)) api.close()
  client.close()
  await chirpStack.close()
})

function as(key: string): ChirpStackClients {
  const api = new ChirpStackClients(port, key)
  apis.push(api)
  return api
}

async function enqueue({ fPort = 10, data = '01', expiresAt = 0, key = TENANT_KEY } = {}): Promise<number> {
  const item = new multicastPb.MulticastGroupQueueItem()
  item.setMulticastGroupId(groupId)
  item.setFPort(fPort)
  item.setData(Buffer.from(data, 'hex'))
  if (expiresAt > 0) item.setExpiresAt(timestamp(expiresAt))
  const request = new multicastPb.EnqueueMulticastGroupQueueItemRequest()
  request.setQueueItem(item)
  return (await as(key).ask(client, client.enqueue, request)).getFCnt()
}

async function queue(): Promise<number[]> {
  const request = new multicastPb.ListMulticastGroupQueueRequest()
  request.setMulticastGroupId(groupId)
  return (await as(TENANT_KEY).ask(client, client.listQueue, request)).getItemsList().map((item) => item.getFCnt())
}

async function names(key: string, { applicationId = '', tenantId = '' }): Promise<string[]> {
  const request = new multicastPb.ListMulticastGroupsRequest()
  request.setApplicationId(applicationId)
  request.setTenantId(tenantId)
  request.setLimit(10)
  return (await as(key).ask(client, client.list, request)).getResultList().map((row) => row.getName())
}

describe('a multicast group', () => {
  it('is listed by application; by tenant alone those of all tenants are shown', async () => {
    expect(await names(TENANT_KEY, { applicationId: SITE_APPLICATION })).toEqual(['Valves'])
    expect(await names(TENANT_KEY, { tenantId: TENANT })).toEqual(['Cranes', 'Valves'])
    await expect(names('foreign', { applicationId: SITE_APPLICATION })).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    })
  })

  it('counts its frames, and sends each to all its devices, one gateway after the other, without any event', async () => {
    const seen = as(TENANT_KEY).stream(HALL)
    await expect.poll(() => seen.accepted).toBe(true)
    expect([await enqueue({ data: '01' }), await enqueue({ data: '02' })]).toEqual([0, 1])
    expect(await queue()).toEqual([0, 1])
    await clock.advance(1_000)
    expect(received.map(({ devEui, data, fCntDown }) => [devEui, data.toString('hex'), fCntDown])).toEqual([
      [HALL, '01', 0],
      [OFFICE, '01', 0],
    ])
    expect(await queue()).toEqual([0, 1])
    await clock.advance(30_000)
    expect(received.map(({ data }) => data.toString('hex'))).toEqual(['01', '01', '02', '02'])
    expect(await queue()).toEqual([])
    expect(clock.pendingTimers).toBe(0)
    chirpStack.uplink(HALL, {})
    await expect.poll(() => seen.items.map((item) => item.getDescription())).toEqual(['up'])
    const request = new multicastPb.GetMulticastGroupRequest()
    request.setId(groupId)
    const { fCnt } = (await as('reader').ask(client, client.get, request)).getMulticastGroup()?.toObject() ?? {}
    expect(fCnt).toBe(2)
  })

  it('refuses ports that are none with 3, also 257, and a read-only key with 16', async () => {
    for (const fPort of [0, 256, 257]) {
      await expect(enqueue({ fPort })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
    }
    await expect(enqueue({ key: 'reader' })).rejects.toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
  })

  it('drops what is expired or too long without a word, and what is flushed', async () => {
    await enqueue({ expiresAt: clock.now() + 500 })
    await enqueue({ data: 'ab'.repeat(52) })
    await clock.advance(60_000)
    expect([received, await queue()]).toEqual([[], []])
    await enqueue({})
    const request = new multicastPb.FlushMulticastGroupQueueRequest()
    request.setMulticastGroupId(groupId)
    await as(TENANT_KEY).ask(client, client.flushQueue, request)
    await clock.advance(60_000)
    expect([received, await queue()]).toEqual([[], []])
  })
})
