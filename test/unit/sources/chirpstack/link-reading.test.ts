import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { type LinkField, linkFields } from '../../../../src/sources/chirpstack/event-fields.ts'
import { linkReading } from '../../../../src/sources/chirpstack/link-reading.ts'

const lora = { bandwidth: 125_000, spreadingFactor: 9, codeRate: 'CR_4_5' }
const uplink = {
  dr: 3,
  fCnt: 71,
  fPort: 2,
  rxInfo: [
    { gatewayId: 'far', rssi: -110, snr: 9, location: { latitude: 1, longitude: 2 } },
    { gatewayId: 'near', rssi: -97, snr: 2, location: { latitude: 48.1, longitude: 11.5, altitude: 520 } },
    { gatewayId: 'same', rssi: -97, snr: -3 },
  ],
  txInfo: { frequency: 868_100_000, modulation: { lora } },
}

describe('the radio link of an uplink', () => {
  const expected: Readonly<Record<LinkField, unknown>> = {
    rssi: -97,
    snr: 9,
    spreadingFactor: 9,
    bandwidth: 125_000,
    dataRate: 3,
    frequency: 868_100_000,
    frameCounter: 71,
    port: 2,
    gateways: 3,
    gatewayId: 'near',
    latitude: 48.1,
    longitude: 11.5,
    altitude: 520,
  }
  it.each(linkFields)('has its %s', (field) => {
    expect(linkReading(field, uplink)).toEqual({ value: expected[field] })
  })

  it.each(linkFields)('says nothing of its %s where the event does not', (field) => {
    expect(linkReading(field, {})).toBeUndefined()
    expect(linkReading(field, { rxInfo: [], txInfo: null, fCnt: null })).toBeUndefined()
  })

  it('has no spreading factor when the frame was FSK, and does not keep the last one', () => {
    const body = { txInfo: { modulation: { fsk: { datarate: 50_000 } } } }
    expect(linkReading('spreadingFactor', body)).toEqual({ status: StatusCode.BadNotSupported })
  })

  it('has no place where the gateway has none', () => {
    for (const location of [undefined, {}, { source: 'UNKNOWN' }, null]) {
      expect(linkReading('latitude', { rxInfo: [{ gatewayId: 'a', location }] })).toBeUndefined()
    }
    expect(linkReading('altitude', { rxInfo: [{ location: { latitude: 1, longitude: 2 } }] })).toEqual({ value: 0 })
  })
})
