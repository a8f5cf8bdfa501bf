import { ApplicationServiceClient } from '@chirpstack/chirpstack-api/api/application_grpc_pb.js'
import applicationPb from '@chirpstack/chirpstack-api/api/application_pb.js'
import { DeviceServiceClient } from '@chirpstack/chirpstack-api/api/device_grpc_pb.js'
import devicePb, { type ListDevicesResponse } from '@chirpstack/chirpstack-api/api/device_pb.js'
import { InternalServiceClient } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import internalPb, { type LogItem } from '@chirpstack/chirpstack-api/api/internal_pb.js'
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'

const ADMIN_KEY = 'key-of-the-administrator'
const FOREIGN_KEY = 'key-of-another-tenant'
const FOREIGN_TENANT = '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e'

let server: ChirpStackServer
let target: string
const ends: (() => void)[] = []

beforeEach(async () => {
  server = await ChirpStackServer.start([HALL])
  server.chirpStack.access.add(ADMIN_KEY, { admin: true })
  server.chirpStack.access.add(FOREIGN_KEY, { admin: false, tenantId: FOREIGN_TENANT })
  target = `127.0.0.1:${server.port}`
})

afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await server.chirpStack.close()
})

/** Metadata with an `authorization` header as it is given. */
function header(text: string | undefined): Metadata {
  const metadata = new Metadata()
  if (text !== undefined) metadata.set('authorization', text)
  return metadata
}

/** The applications of the tenant, or the error. */
function applications(authorization: string | undefined, tenantId = TENANT): Promise<number | ServiceError> {
  const client = new ApplicationServiceClient(target, credentials.createInsecure())
  ends.push(() => client.close())
  const request = new applicationPb.ListApplicationsRequest()
  request.setTenantId(tenantId)
  request.setLimit(10)
  return new Promise((resolve) => {
    client.list(request, header(authorization), (error, response) => {
      resolve(error ?? response?.getTotalCount() ?? Number.NaN)
    })
  })
}

interface PageRequest {
  readonly applicationId?: string
  readonly limit: number
  readonly offset?: number
}

function devices({
  applicationId = server.applicationId,
  limit,
  offset = 0,
}: PageRequest): Promise<ListDevicesResponse> {
  const client = new DeviceServiceClient(target, credentials.createInsecure())
  ends.push(() => client.close())
  const request = new devicePb.ListDevicesRequest()
  request.setApplicationId(applicationId)
  request.setLimit(limit)
  request.setOffset(offset)
  request.setOrderBy(devicePb.ListDevicesRequest.OrderBy.DEV_EUI)
  return new Promise((resolve, reject) => {
    client.list(request, header(`Bearer ${TENANT_KEY}`), (error, response) => {
      if (response) resolve(response)
      else reject(error ?? new Error('no answer'))
    })
  })
}

/** Opens an event stream and collects what it brings. */
function stream(devEui: string, key = TENANT_KEY) {
  const client = new InternalServiceClient(target, credentials.createInsecure())
  const request = new internalPb.StreamDeviceEventsRequest()
  request.setDevEui(devEui)
  const call = client.streamDeviceEvents(request, header(`Bearer ${key}`))
  ends.push(() => {
    call.cancel()
    client.close()
  })
  const seen = { accepted: false, fCnts: [] as unknown[], end: undefined as ServiceError | 'OK' | undefined }
  call.on('metadata', () => {
    seen.accepted = true
  })
  call.on('data', (item: LogItem) => {
    seen.fCnts.push((JSON.parse(item.getBody()) as { fCnt: unknown }).fCnt)
  })
  call.on('error', (error: ServiceError) => {
    seen.end ??= error
  })
  call.on('end', () => {
    seen.end ??= 'OK'
  })
  return seen
}

describe('the simulated ChirpStack', () => {
  it.each([
    ['no key', undefined, 'no authorization provided'],
    ['a wrong scheme', `bearer ${TENANT_KEY}`, "authorization metadata must be in format 'Bearer <TOKEN>"],
    ['a text that is no token', 'Bearer nonsense', 'InvalidToken'],
    ['a token of another server', 'Bearer a.b.c', 'InvalidSignature'],
    ['the key of another tenant', `Bearer ${FOREIGN_KEY}`, ''],
  ])('refuses %s with the text that ChirpStack has for it', async (_, authorization, details) => {
    expect(await applications(authorization)).toMatchObject({ code: status.UNAUTHENTICATED, details })
  })

  it('lets in whoever has the right key, until it is deleted', async () => {
    expect(await applications(`Bearer ${TENANT_KEY}`)).toBe(1)
    expect(await applications(`Bearer ${ADMIN_KEY}`)).toBe(1)
    server.chirpStack.access.revoke(TENANT_KEY)
    expect(await applications(`Bearer ${TENANT_KEY}`)).toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
  })

  it('wants a UUID where one belongs', async () => {
    expect(await applications(`Bearer ${TENANT_KEY}`, 'works')).toMatchObject({ code: status.INVALID_ARGUMENT })
    await expect(devices({ applicationId: '', limit: 10 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  it('answers a limit of 0 with the count alone, and pages in the order of the DevEUI', async () => {
    server.addDevice('a81758fffe0a1009')
    server.addDevice(OFFICE)
    const count = await devices({ limit: 0 })
    expect([count.getTotalCount(), count.getResultList()]).toEqual([3, []])
    const page = await devices({ limit: 2, offset: 1 })
    expect(page.getResultList().map((row) => row.getDevEui())).toEqual([OFFICE, 'a81758fffe0a1009'])
    expect((await devices({ limit: 2, offset: 9 })).getResultList()).toEqual([])
  })

  it('replays the last ten events on each connect, oldest first, and then goes on live', async () => {
    for (let n = 0; n < 13; n++) server.chirpStack.uplink(HALL, { object: { n } })
    const first = stream(HALL)
    await vi.waitFor(() => expect(first.fCnts).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
    server.chirpStack.uplink(HALL, {})
    await vi.waitFor(() => expect(first.fCnts.at(-1)).toBe(13))
    const second = stream(HALL)
    await vi.waitFor(() => expect(second.fCnts).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]))
  })

  it('opens a stream for a DevEUI in upper case, in which nothing ever comes', async () => {
    server.chirpStack.uplink(HALL, {})
    const upper = stream(HALL.toUpperCase())
    const lower = stream(HALL)
    await vi.waitFor(() => expect(upper.accepted).toBe(true))
    server.chirpStack.uplink(HALL, {})
    await vi.waitFor(() => expect(lower.fCnts).toEqual([0, 1]))
    expect(upper.fCnts).toEqual([])
  })

  it('opens a stream of a device that is not there for an administrator, and for nobody else', async () => {
    const admin = stream(OFFICE, ADMIN_KEY)
    const tenant = stream(OFFICE)
    const foreigner = stream(HALL, FOREIGN_KEY)
    await vi.waitFor(() => {
      expect(admin).toEqual({ accepted: true, fCnts: [], end: undefined })
      expect(tenant.end).toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
      expect(foreigner.end).toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
    })
  })

  it('refuses a DevEUI that is none as an error of its own', async () => {
    const seen = stream('xyz', ADMIN_KEY)
    await vi.waitFor(() => expect(seen.end).toMatchObject({ code: status.INTERNAL }))
  })

  it.each([status.INTERNAL, status.UNAVAILABLE])('ends a stream with status %i when told to', async (code) => {
    const seen = stream(HALL)
    await vi.waitFor(() => expect(seen.accepted).toBe(true))
    server.chirpStack.breakStreams(HALL, code, 'why')
    await vi.waitFor(() => expect(seen.end).toMatchObject({ code, details: 'why' }))
  })
})
