import applicationPb from '@chirpstack/chirpstack-api/api/application_pb.js'
import devicePb, { type DeviceListItem } from '@chirpstack/chirpstack-api/api/device_pb.js'
import deviceProfilePb from '@chirpstack/chirpstack-api/api/device_profile_pb.js'
import tenantPb from '@chirpstack/chirpstack-api/api/tenant_pb.js'
import commonPb from '@chirpstack/chirpstack-api/common/common_pb.js'
import { type ServiceError, status } from '@grpc/grpc-js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChirpStackClients } from '../support/chirpstack-clients.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { ChirpStackServer, HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'

const FOREIGN_TENANT = '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e'
const NOWHERE = '00000000-0000-4000-8000-000000000000'
const { OrderBy } = devicePb.ListDevicesRequest

let server: ChirpStackServer
const clients: ChirpStackClients[] = []

beforeEach(async () => {
  server = await ChirpStackServer.start([HALL])
  const { access, directory } = server.chirpStack
  directory.addTenant({ id: FOREIGN_TENANT, name: 'Harbour' })
  access.add('admin', { admin: true })
  access.add('foreign', { admin: false, tenantId: FOREIGN_TENANT })
  access.add('reader', { admin: false, tenantId: TENANT, readOnly: true })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await server.chirpStack.close()
})

function as(key: string | undefined): ChirpStackClients {
  const api = new ChirpStackClients(server.port, key)
  clients.push(api)
  return api
}

interface Page {
  readonly limit: number
  readonly offset?: number
  readonly orderBy?: (typeof OrderBy)[keyof typeof OrderBy]
  readonly applicationId?: string
}

async function list(api: ChirpStackClients, page: Page) {
  const request = new devicePb.ListDevicesRequest()
  request.setApplicationId(page.applicationId ?? server.applicationId)
  request.setLimit(page.limit)
  request.setOffset(page.offset ?? 0)
  request.setOrderBy(page.orderBy ?? OrderBy.NAME)
  return api.ask(api.devices, api.devices.list, request)
}

function getDevice(api: ChirpStackClients, devEui: string) {
  const request = new devicePb.GetDeviceRequest()
  request.setDevEui(devEui)
  return api.ask(api.devices, api.devices.get, request)
}

function getTenant(api: ChirpStackClients, id: string) {
  const request = new tenantPb.GetTenantRequest()
  request.setId(id)
  return api.ask(api.tenants, api.tenants.get, request)
}

function listTenants(api: ChirpStackClients) {
  const request = new tenantPb.ListTenantsRequest()
  request.setLimit(10)
  return api.ask(api.tenants, api.tenants.list, request)
}

const refused = { code: status.UNAUTHENTICATED, details: '' }
const euis = (rows: readonly DeviceListItem[]) => rows.map((row) => row.getDevEui())

describe('ChirpStack keys', () => {
  it('of a tenant read that tenant and list none; an administrator lists all', async () => {
    expect((await getTenant(as(TENANT_KEY), TENANT)).getTenant()?.getName()).toBe('Works')
    await expect(getTenant(as(TENANT_KEY), FOREIGN_TENANT)).rejects.toMatchObject(refused)
    await expect(listTenants(as(TENANT_KEY))).rejects.toMatchObject(refused)
    const all = await listTenants(as('admin'))
    expect(all.getResultList().map((row) => row.getName())).toEqual(['Harbour', 'Works'])
    await expect(getTenant(as('admin'), NOWHERE)).rejects.toMatchObject({ code: status.NOT_FOUND })
  })

  it('that are read-only list, get and stream as any other', async () => {
    const reader = as('reader')
    expect((await list(reader, { limit: 10 })).getTotalCount()).toBe(1)
    expect((await getDevice(reader, HALL)).getDevice()?.getDevEui()).toBe(HALL)
    const seen = reader.stream(HALL)
    server.chirpStack.uplink(HALL, {})
    await expect.poll(() => seen.items.length).toBe(1)
  })

  it('that were deleted are refused in calls, and what they opened goes on', async () => {
    const api = as(TENANT_KEY)
    const seen = api.stream(HALL)
    await expect.poll(() => seen.accepted).toBe(true)
    server.chirpStack.access.revoke(TENANT_KEY)
    await expect(getDevice(api, HALL)).rejects.toMatchObject(refused)
    server.chirpStack.uplink(HALL, {})
    await expect.poll(() => seen.items.length).toBe(1)
    expect(seen.end).toBeUndefined()
  })

  it('make a device that does not exist look like one that is forbidden, but for an administrator', async () => {
    await expect(getDevice(as(TENANT_KEY), OFFICE)).rejects.toMatchObject(refused)
    await expect(getDevice(as('foreign'), HALL)).rejects.toMatchObject(refused)
    await expect(getDevice(as('admin'), OFFICE)).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: `Object does not exist (id: ${OFFICE})`,
    })
  })

  it('do not work for what only users may ask, and are not needed for the settings', async () => {
    const api = as('admin')
    await expect(api.ask(api.internal, api.internal.getVersion, new emptyPb.Empty())).rejects.toMatchObject(refused)
    const nobody = as(undefined)
    await nobody.ask(nobody.internal, nobody.internal.settings, new emptyPb.Empty())
    await expect(getDevice(nobody, HALL)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'no authorization provided',
    })
  })
})

describe('identifiers', () => {
  it('that are no hex DevEUI end with 13, and those that are no UUID with 3', async () => {
    await expect(getDevice(as('admin'), 'xyz')).rejects.toMatchObject({ code: status.INTERNAL })
    await expect(getDevice(as('admin'), 'a817')).rejects.toMatchObject({ code: status.INTERNAL })
    await expect(getTenant(as('admin'), 'works')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  it('of applications: none ends with 3, a foreign one with 16, an unknown one is empty to an administrator', async () => {
    await expect(list(as('foreign'), { limit: 10 })).rejects.toMatchObject(refused)
    await expect(list(as('admin'), { limit: 10, applicationId: '' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    })
    expect((await list(as('admin'), { limit: 10, applicationId: NOWHERE })).getTotalCount()).toBe(0)
  })

  it('of devices may be written in capitals in calls', async () => {
    expect((await getDevice(as(TENANT_KEY), HALL.toUpperCase())).getDevice()?.getDevEui()).toBe(HALL)
  })
})

describe('a list of devices', () => {
  it('skips and repeats rows when devices come and go between its pages', async () => {
    for (const n of [2, 4, 6]) server.addDevice(`000000000000000${n}`)
    const api = as(TENANT_KEY)
    const page = (offset: number) => list(api, { limit: 2, offset, orderBy: OrderBy.DEV_EUI })
    const first = euis((await page(0)).getResultList())
    server.addDevice('0000000000000001')
    const second = await page(2)
    expect([...first, ...euis(second.getResultList())]).toEqual([
      '0000000000000002',
      '0000000000000004',
      '0000000000000004',
      '0000000000000006',
    ])
    expect(second.getTotalCount()).toBe(5)
    server.chirpStack.directory.devices.delete('0000000000000001')
    server.chirpStack.directory.devices.delete('0000000000000002')
    expect(euis((await page(2)).getResultList())).toEqual([HALL])
  })

  it('is sorted by name where nothing else is asked for, and names may be equal', async () => {
    const { directory } = server.chirpStack
    server.addDevice(OFFICE)
    directory.changeDevice(HALL, { name: 'Pump' })
    directory.changeDevice(OFFICE, { name: 'Pump' })
    const rows = (await list(as(TENANT_KEY), { limit: 10 })).getResultList()
    expect(rows.map((row) => row.getName())).toEqual(['Pump', 'Pump'])
  })

  it('is searched by name alone, in any case, and can be sorted by when they were seen, the unseen first', async () => {
    server.addDevice(OFFICE)
    server.chirpStack.directory.changeDevice(HALL, { name: 'Pump' })
    server.chirpStack.directory.changeDevice(OFFICE, { name: 'Fan' })
    server.chirpStack.uplink(OFFICE, {})
    const api = as(TENANT_KEY)
    const found = async (search: string) => {
      const request = new devicePb.ListDevicesRequest()
      request.setApplicationId(server.applicationId)
      request.setLimit(10)
      request.setSearch(search)
      return euis((await api.ask(api.devices, api.devices.list, request)).getResultList())
    }
    expect(await found('pUMP')).toEqual([HALL])
    expect(await found(HALL.slice(6))).toEqual([])
    const bySeen = await list(api, { limit: 10, orderBy: OrderBy.LAST_SEEN_AT })
    expect(euis(bySeen.getResultList())).toEqual([HALL, OFFICE])
  })

  it('has no last-seen time and no status until the device sent and answered', async () => {
    const api = as(TENANT_KEY)
    const row = async () => (await list(api, { limit: 1 })).getResultList()[0]
    expect((await row())?.hasLastSeenAt()).toBe(false)
    expect((await row())?.hasDeviceStatus()).toBe(false)
    server.chirpStack.uplink(HALL, {})
    server.chirpStack.status(HALL, { margin: -32, externalPowerSource: true })
    expect((await row())?.hasLastSeenAt()).toBe(true)
    expect((await row())?.getDeviceStatus()?.toObject()).toEqual({
      margin: -32,
      externalPowerSource: true,
      batteryLevel: -1,
    })
  })

  it('tells an unknown battery by -1, and its event by 0 and a flag', async () => {
    const api = as(TENANT_KEY)
    const seen = api.stream(HALL)
    server.chirpStack.status(HALL, { margin: 7 })
    await expect.poll(() => seen.items.length).toBe(1)
    expect(JSON.parse(seen.items[0]?.getBody() ?? '')).toMatchObject({
      margin: 7,
      externalPowerSource: false,
      batteryLevelUnavailable: true,
      batteryLevel: 0,
    })
    expect((await getDevice(api, HALL)).getDeviceStatus()?.getBatteryLevel()).toBe(-1)
  })

  it('carries any name and any tag, and none of either', async () => {
    const name = `${'Kühlhaus 冷蔵庫 🧊 '.repeat(8)}`.slice(0, 100)
    const tags = { 'site.hall/3': 'a.b/c', '': 'empty', κλειδί: '' }
    server.chirpStack.directory.changeDevice(HALL, { name, tags, description: '' })
    const [row] = (await list(as(TENANT_KEY), { limit: 1 })).getResultList()
    expect(row?.getName()).toBe(name)
    expect(row?.getDescription()).toBe('')
    expect(Object.fromEntries(row?.getTagsMap().toArray() ?? [])).toEqual(tags)
  })

  it('of 30,000 devices in one page is longer than a client takes: 8', async () => {
    const { directory } = server.chirpStack
    const { applicationId, profileId } = server
    const seen = { lastSeenAt: Date.now(), status: { margin: 12, externalPowerSource: false, batteryLevel: 87 } }
    for (let n = 0; n < 30_000; n++) {
      const devEui = n.toString(16).padStart(16, '0')
      directory.addDevice({ devEui, applicationId, profileId, name: `Sensor of the plant ${n}`, ...seen })
    }
    const api = as(TENANT_KEY)
    const rows = (limit: number) =>
      list(api, { limit }).then(
        (page) => page.getResultList().length,
        (error: ServiceError) => error.code,
      )
    expect(await rows(30_000)).toBe(status.RESOURCE_EXHAUSTED)
    expect(await rows(1_000)).toBe(1_000)
  })
})

describe('a device', () => {
  it('shows what lists leave out only by itself: disabled, variables, class', async () => {
    server.chirpStack.directory.changeDevice(HALL, {
      isDisabled: true,
      variables: { room: '3' },
      deviceClass: 'C',
      skipFCntCheck: true,
    })
    const response = await getDevice(as(TENANT_KEY), HALL)
    expect(response.getDevice()?.getIsDisabled()).toBe(true)
    expect(response.getDevice()?.getSkipFcntCheck()).toBe(true)
    expect(response.getDevice()?.getVariablesMap().get('room')).toBe('3')
    expect(response.getClassEnabled()).toBe(commonPb.DeviceClass.CLASS_C)
  })

  it('that is disabled is heard by nobody', async () => {
    const seen = as(TENANT_KEY).stream(HALL)
    await expect.poll(() => seen.accepted).toBe(true)
    const { directory } = server.chirpStack
    directory.changeDevice(HALL, { isDisabled: true })
    server.chirpStack.uplink(HALL, { object: { n: 1 } })
    directory.changeDevice(HALL, { isDisabled: false })
    server.chirpStack.uplink(HALL, { object: { n: 2 } })
    await expect.poll(() => seen.items.map((item) => JSON.parse(item.getBody()).object)).toEqual([{ n: 2 }])
  })

  it('that is renamed and moved says so in its next event, on the stream that is open', async () => {
    const { directory } = server.chirpStack
    const moved = directory.addApplication({ tenantId: TENANT, name: 'Yard' }).id
    const seen = as(TENANT_KEY).stream(HALL)
    await expect.poll(() => seen.accepted).toBe(true)
    directory.changeDevice(HALL, { name: 'Gate', applicationId: moved })
    server.chirpStack.uplink(HALL, {})
    await expect.poll(() => seen.items.length).toBe(1)
    expect(JSON.parse(seen.items[0]?.getBody() ?? '').deviceInfo).toMatchObject({
      deviceName: 'Gate',
      applicationId: moved,
      applicationName: 'Yard',
    })
    expect((await list(as(TENANT_KEY), { limit: 10 })).getTotalCount()).toBe(0)
    expect(euis((await list(as(TENANT_KEY), { limit: 10, applicationId: moved })).getResultList())).toEqual([HALL])
  })

  it('that is deleted leaves its stream open and silent, which brings what is created anew under its DevEUI', async () => {
    const seen = as(TENANT_KEY).stream(HALL)
    await expect.poll(() => seen.accepted).toBe(true)
    server.chirpStack.deleteDevice(HALL)
    await expect(getDevice(as(TENANT_KEY), HALL)).rejects.toMatchObject(refused)
    expect(seen.end).toBeUndefined()
    server.addDevice(HALL)
    server.chirpStack.uplink(HALL, {})
    await expect.poll(() => seen.items.length).toBe(1)
  })
})

describe('a device profile', () => {
  const getProfile = (api: ChirpStackClients, id: string) => {
    const request = new deviceProfilePb.GetDeviceProfileRequest()
    request.setId(id)
    return api.ask(api.profiles, api.profiles.get, request)
  }

  it('tells its measurements of every kind, and finds new ones as UNKNOWN without a name', async () => {
    const { directory } = server.chirpStack
    const kinds = ['UNKNOWN', 'COUNTER', 'ABSOLUTE', 'GAUGE', 'STRING'] as const
    const measurements = Object.fromEntries(kinds.map((kind) => [kind.toLowerCase(), { name: kind, kind }]))
    directory.changeProfile(server.profileId, { measurements, autoDetectMeasurements: true, supportsClassC: true })
    server.chirpStack.uplink(HALL, { object: { gauge: 1, air: { co2: 612 }, list: [1, 2] } })
    const profile = (await getProfile(as(TENANT_KEY), server.profileId)).getDeviceProfile()
    const kindOf = (key: string) => profile?.getMeasurementsMap().get(key)?.getKind()
    expect(kinds.map((kind) => kindOf(kind.toLowerCase()))).toEqual([0, 1, 2, 3, 4])
    for (const key of ['air_co2', 'list_0', 'list_1']) {
      expect(profile?.getMeasurementsMap().get(key)?.toObject()).toEqual({ name: '', kind: 0 })
    }
    expect(profile?.getSupportsClassC()).toBe(true)
  })

  it('in a list has neither measurements nor intervals; one of no tenant is there for every tenant', async () => {
    const { directory } = server.chirpStack
    const common = directory.addProfile({ tenantId: '', name: 'All' }).id
    directory.addProfile({ tenantId: FOREIGN_TENANT, name: 'Theirs' })
    const api = as(TENANT_KEY)
    const request = new deviceProfilePb.ListDeviceProfilesRequest()
    request.setTenantId(TENANT)
    request.setLimit(10)
    const rows = (await api.ask(api.profiles, api.profiles.list, request)).getResultList()
    expect(rows.map((row) => row.getName())).toEqual(['All', 'Climate'])
    expect((await getProfile(api, common)).getDeviceProfile()?.getTenantId()).toBe('')
    request.setTenantId('')
    await expect(api.ask(api.profiles, api.profiles.list, request)).rejects.toMatchObject(refused)
  })
})

describe('a list of applications', () => {
  it('of a tenant that does not exist is empty to an administrator', async () => {
    const api = as('admin')
    const request = new applicationPb.ListApplicationsRequest()
    request.setTenantId(NOWHERE)
    request.setLimit(10)
    expect((await api.ask(api.applications, api.applications.list, request)).getTotalCount()).toBe(0)
  })
})
