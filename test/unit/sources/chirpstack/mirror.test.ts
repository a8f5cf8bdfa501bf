import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { ListedDevice, MeasuringProfile } from '../../../../src/sources/chirpstack/listed.ts'
import {
  type InventoryMirror,
  type MirrorApi,
  type MirroredGroup,
  readMirror,
} from '../../../../src/sources/chirpstack/mirror.ts'
import { TENANT } from '../../../support/chirpstack-plant.ts'
import { climateProfile, HALL, OFFICE } from '../../../support/discovery-mirror.ts'

const row = (devEui: string, fields: Partial<ListedDevice> = {}): ListedDevice => ({
  devEui,
  profileId: 'profile-climate',
  lastSeenAt: undefined,
  name: devEui,
  description: '',
  profileName: 'Climate',
  status: undefined,
  tags: {},
  updatedAt: 1,
  ...fields,
})

/** A tenant with these devices by application; remembers what was asked, and fails where it is told to. */
class Tenant implements MirrorApi {
  devices_: Record<string, ListedDevice[]>
  readonly asked: string[] = []
  readonly failures = new Map<string, PenstockError>()
  atOnce = 0
  mostAtOnce = 0
  disabledNow = false
  groups: readonly MirroredGroup[] = []
  onListed: (application: string) => void = () => undefined

  constructor(devices: Record<string, ListedDevice[]>) {
    this.devices_ = devices
  }

  tenantName = async () => this.#answer('tenantName', 'Works')
  isDisabled = async (devEui: string) => this.#answer(`isDisabled ${devEui}`, this.disabledNow)
  profile = async (id: string): Promise<MeasuringProfile> => this.#answer(`profile ${id}`, climateProfile)

  applications = async () => {
    const rows = Object.keys(this.devices_).map((id) => ({ id, name: id, description: '' }))
    return this.#answer('applications', { total: rows.length, rows })
  }

  devices = async (application: string) => {
    const rows = [...(this.devices_[application] ?? [])]
    const page = await this.#answer(`devices ${application}`, { total: rows.length, rows })
    this.onListed(application)
    return page
  }

  readonly multicast = {
    groups: async (application: string) => {
      const rows = this.groups.filter((group) => group.applicationId === application)
      return this.#answer(`groups ${application}`, { total: rows.length, rows })
    },
  }

  times(asked: string): number {
    return this.asked.filter((each) => each === asked).length
  }

  async #answer<T>(asked: string, answer: T): Promise<T> {
    this.asked.push(asked)
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce)
    await new Promise(setImmediate)
    this.atOnce--
    const failure = this.failures.get(asked)
    if (failure) throw failure
    return answer
  }
}

const read = (api: Tenant, previous?: InventoryMirror, wanted: (devEui: string) => boolean = () => true) =>
  readMirror({ api, tenantId: TENANT, previous, wanted: ({ devEui }) => wanted(devEui) })

describe('the mirror of an inventory', () => {
  it('has all that ChirpStack says of applications, profiles and devices, and is the same after JSON', async () => {
    const status = { margin: 7, externalPowerSource: false, batteryLevel: 93 }
    const api = new Tenant({ building: [row(HALL.toUpperCase(), { status, tags: { site: 'n' } })], empty: [] })
    const mirror = await read(api)
    expect(mirror).toMatchObject({
      tenantName: 'Works',
      applications: [{ id: 'building' }, { id: 'empty' }],
      profiles: [{ id: 'profile-climate', codec: 'JS' }],
      devices: [{ devEui: HALL, applicationId: 'building', disabled: false, status, tags: { site: 'n' } }],
    })
    expect(JSON.parse(JSON.stringify(mirror))).toStrictEqual(mirror)
  })

  it('asks of a device whether it is disabled where that matters, and again only when it was changed', async () => {
    const api = new Tenant({ building: [row(HALL), row(OFFICE)] })
    const first = await read(api, undefined, (devEui) => devEui === HALL)
    expect(first.devices.map(({ disabled }) => disabled)).toEqual([false, undefined])
    api.disabledNow = true
    const second = await read(api, first, (devEui) => devEui === HALL)
    expect(second.devices.map(({ disabled }) => disabled)).toEqual([false, undefined])
    api.devices_ = { building: [row(HALL, { updatedAt: 2 }), row(OFFICE)] }
    const third = await read(api, second)
    expect(third.devices.map(({ disabled }) => disabled)).toEqual([true, true])
    expect([api.times(`isDisabled ${HALL}`), api.times(`isDisabled ${OFFICE}`)]).toEqual([2, 1])
  })

  it('has the multicast groups of the applications that may be asked for them', async () => {
    const api = new Tenant({ building: [], secret: [] })
    const lamps = { id: 'g1', name: 'Lamps', applicationId: 'building' }
    api.groups = [{ id: 'g2', name: 'Safes', applicationId: 'secret' }, lamps]
    api.failures.set('groups secret', new PenstockError('ACCESS_DENIED', 'no'))
    expect((await read(api)).groups).toEqual([lamps])
  })

  it('is never half read: a server that goes away on the way makes no mirror at all', async () => {
    const api = new Tenant({ building: [row(HALL)], utilities: [row(OFFICE)] })
    for (const question of ['applications', 'devices utilities', `isDisabled ${HALL}`, 'profile profile-climate']) {
      for (const code of ['CONNECTION_LOST', 'TIMEOUT'] as const) {
        api.failures.set(question, new PenstockError(code, 'gone'))
        await expect(read(api)).rejects.toMatchObject({ code })
        api.failures.clear()
      }
    }
    api.failures.set('devices utilities', new PenstockError('ACCESS_DENIED', 'no'))
    await expect(read(api)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  })

  it('keeps what was known where one question alone is refused', async () => {
    const api = new Tenant({ building: [row(HALL)] })
    const first = await read(api)
    api.devices_ = { building: [row(HALL, { updatedAt: 2 })] }
    for (const question of ['tenantName', `isDisabled ${HALL}`, 'profile profile-climate']) {
      api.failures.set(question, new PenstockError('ACCESS_DENIED', 'no'))
    }
    const second = await read(api, first)
    expect(second).toMatchObject({ profiles: first.profiles, devices: [{ disabled: false }] })
    expect(second.tenantName).toBeUndefined()
  })

  it('does not lose a device that moves to another application while it is read', async () => {
    const api = new Tenant({ building: [], utilities: [row(HALL)] })
    const first = await read(api)
    api.onListed = (application) => {
      if (application !== 'building') return
      // Listed already, the first application gets it from the second, which is listed next.
      api.devices_ = { building: [row(HALL)], utilities: [] }
    }
    const second = await read(api, first)
    expect(second.devices).toMatchObject([{ devEui: HALL, applicationId: 'building' }])
  })

  it('is read with a few calls at once', async () => {
    const devices = Array.from({ length: 50 }, (_, n) => row(n.toString(16).padStart(16, '0')))
    const api = new Tenant({ building: devices })
    await read(api)
    expect(api.mostAtOnce).toBe(4)
  })

  it('has names that can be shown to people, and no device whose DevEUI is none', async () => {
    const name = `pump\u202efdp\u001b[2J${'x'.repeat(1_000)}`
    const tenant = new Tenant({
      a: [row(HALL, { name, description: 'one\ntwo' }), row('../#gateway'), row('__proto__')],
    })
    const { devices } = await read(tenant)
    expect(devices.map(({ devEui }) => devEui)).toEqual([HALL])
    expect(devices[0]?.name).toMatch(/^pump fdp \[2Jx+…$/)
    expect(devices[0]?.name).toHaveLength(200)
    expect(devices[0]?.description).toBe('one two')
  })
})
