import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { gatewayReading, inventoryReading } from '../../../../src/sources/chirpstack/inventory-values.ts'
import type { ListedDevice, ListedGateway } from '../../../../src/sources/chirpstack/listed.ts'

const SEEN = Date.UTC(2026, 4, 4, 10, 20)
const device = (fields: Partial<ListedDevice> = {}): ListedDevice => ({
  devEui: 'a81758fffe0a1001',
  profileId: 'p',
  lastSeenAt: SEEN,
  name: 'Hall',
  description: '',
  profileName: 'Climate',
  status: { margin: 7, externalPowerSource: false, batteryLevel: 75.5 },
  tags: {},
  updatedAt: undefined,
  ...fields,
})
const gateway = (fields: Partial<ListedGateway> = {}): ListedGateway => ({
  gatewayId: '0016c001f1500001',
  tenantId: 't',
  name: 'Roof',
  description: '',
  state: 'ONLINE',
  lastSeenAt: SEEN,
  location: { latitude: 46.9, longitude: 7.4, altitude: 540 },
  ...fields,
})

describe('a value of the device list', () => {
  it('that the device said is as old as its last frame; what ChirpStack knows is of now', () => {
    expect(inventoryReading('batteryLevel', device())).toEqual({ value: 75.5, time: SEEN })
    expect(inventoryReading('margin', device())).toEqual({ value: 7, time: SEEN })
    expect(inventoryReading('externalPowerSource', device())).toEqual({ value: false, time: SEEN })
    expect(inventoryReading('name', device())).toEqual({ value: 'Hall' })
    expect(inventoryReading('profileName', device())).toEqual({ value: 'Climate' })
    expect(inventoryReading('lastSeenAt', device())).toEqual({ value: '2026-05-04T10:20:00.000Z' })
  })

  it.each([
    ['on external power', { margin: 7, externalPowerSource: true, batteryLevel: -1 }, StatusCode.BadNotSupported],
    [
      'that cannot measure it',
      { margin: 7, externalPowerSource: false, batteryLevel: -1 },
      StatusCode.BadSensorFailure,
    ],
    [
      'that sends nonsense',
      { margin: 7, externalPowerSource: false, batteryLevel: Number.NaN },
      StatusCode.BadSensorFailure,
    ],
    ['that never answered', undefined, StatusCode.BadWaitingForInitialData],
  ])('is no battery level of a device %s', (_, status, expected) => {
    expect(inventoryReading('batteryLevel', device({ status }))).toMatchObject({ status: expected })
  })

  it('is no margin where the device never answered, and none outside of what LoRaWAN has', () => {
    const margin = (value: number) =>
      inventoryReading('margin', device({ status: { margin: value, externalPowerSource: false, batteryLevel: 1 } }))
    expect(inventoryReading('margin', device({ status: undefined }))).toEqual({
      status: StatusCode.BadWaitingForInitialData,
      time: SEEN,
    })
    expect(margin(-32)).toMatchObject({ value: -32 })
    expect(margin(32)).toMatchObject({ status: StatusCode.BadDecodingError })
  })

  it('is no time of a device that was never heard', () => {
    expect(inventoryReading('lastSeenAt', device({ lastSeenAt: undefined }))).toEqual({
      status: StatusCode.BadWaitingForInitialData,
    })
  })
})

describe('a value of the gateway list', () => {
  it('is its state, where it stands and when it was last heard', () => {
    expect(gatewayReading('state', gateway({ state: 'OFFLINE' }))).toEqual({ value: 'OFFLINE' })
    expect(gatewayReading('latitude', gateway())).toEqual({ value: 46.9 })
    expect(gatewayReading('altitude', gateway())).toEqual({ value: 540 })
    expect(gatewayReading('lastSeenAt', gateway({ lastSeenAt: undefined }))).toEqual({
      status: StatusCode.BadWaitingForInitialData,
    })
  })

  it.each([undefined, { latitude: 0, longitude: 0, altitude: 0 }])(
    'is no place where nobody entered one: %o',
    (location) => {
      for (const field of ['latitude', 'longitude', 'altitude'] as const) {
        expect(gatewayReading(field, gateway({ location }))).toEqual({ status: StatusCode.BadNoData })
      }
    },
  )
})
