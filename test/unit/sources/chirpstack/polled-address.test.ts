import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAddressFault, isPolledAddress, parseAddress } from '../../../../src/sources/chirpstack/address.ts'
import {
  bucketParts,
  bucketSizes,
  formatPolledAddress,
  gatewayFields,
  inventoryFields,
  type PolledAddress,
  parsePolledAddress,
} from '../../../../src/sources/chirpstack/polled-address.ts'

describe('the address of what ChirpStack is asked for', () => {
  it.each([
    ['metric:temperature@hour', { poll: 'metric', name: 'temperature', bucket: 'hour', part: 'closed' }],
    ['metric:air_co2@day.current', { poll: 'metric', name: 'air_co2', bucket: 'day', part: 'current' }],
    ['metric:list_0@month.start', { poll: 'metric', name: 'list_0', bucket: 'month', part: 'start' }],
    ['metric:a.b@hour.kind', { poll: 'metric', name: 'a.b', bucket: 'hour', part: 'kind' }],
    ['metric:"my @ key"@hour', { poll: 'metric', name: 'my @ key', bucket: 'hour', part: 'closed' }],
    ['link-metric:gw_snr@day', { poll: 'link-metric', name: 'gw_snr', bucket: 'day', part: 'closed' }],
    ['link-metric:errors@hour', { poll: 'link-metric', name: 'errors', bucket: 'hour', part: 'closed' }],
    [
      'link-metric:errors[UPLINK_MIC]@hour',
      { poll: 'link-metric', name: 'errors', label: 'UPLINK_MIC', bucket: 'hour', part: 'closed' },
    ],
    [
      'link-metric:rx_packets_per_dr[5]@hour.current',
      { poll: 'link-metric', name: 'rx_packets_per_dr', label: '5', bucket: 'hour', part: 'current' },
    ],
    ['gateway-metric:tx_packets@day', { poll: 'gateway-metric', name: 'tx_packets', bucket: 'day', part: 'closed' }],
    ['state:valve', { poll: 'state', name: 'valve' }],
    ['state:"a b"', { poll: 'state', name: 'a b' }],
    ['inventory:lastSeenAt', { poll: 'inventory', name: 'lastSeenAt' }],
    ['gateway:latitude', { poll: 'gateway', name: 'latitude' }],
    ['group:fCnt', { poll: 'group', name: 'fCnt' }],
  ])('%s is understood, and written back as it was', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
    expect(formatPolledAddress(address as PolledAddress)).toBe(text)
  })

  it.each([
    ['metric:', 8, /no key of a measurement/],
    ['metric:@hour', 8, /no key of a measurement/],
    ['metric:""@hour', 8, /no key of a measurement/],
    ['metric:temperature', 19, /no bucket/],
    ['metric:my key@hour', 10, /goes on with " key@hour"/],
    ['metric:t@', 10, /names the bucket ""/],
    ['metric:t@week', 10, /names the bucket "week"/],
    ['metric:t@minute', 10, /does not keep/],
    ['metric:t@hour.', 14, /allowed are .current/],
    ['metric:t@hour.closed', 14, /allowed are .current/],
    ['metric:t@hour.last', 14, /allowed are .current/],
    ['metric:t[1]@hour', 9, /goes on with "\[1\]@hour"/],
    ['link-metric:lqi@hour', 13, /names "lqi"/],
    ['link-metric:gw_rssi[1]@hour', 20, /a single number/],
    ['link-metric:rx_packets_per_dr@hour', 30, /has no label/],
    ['link-metric:errors[@hour', 20, /has no label of letters/],
    ['link-metric:rx_packets@minute', 24, /does not keep/],
    ['gateway-metric:gw_rssi@hour', 16, /names "gw_rssi"/],
    ['state:', 7, /no key/],
    ['state:valve@hour', 12, /a state has no buckets/],
    ['inventory:fCnt', 11, /names "fCnt"/],
    ['gateway:', 9, /names ""/],
    ['group:state', 7, /"group" has name, class, dataRate, frequency, fCnt, devices, gateways, queue/],
  ])('%j is refused with the column where it goes wrong', (text, column, message) => {
    const fault = parseAddress(text)
    expect(fault).toMatchObject({ column, message: expect.stringMatching(message) })
    expect(isAddressFault(fault) && fault.mend).toBeTruthy()
  })

  it.each(['object.temperature', 'status:batteryLevel', 'location:location.latitude', 'metrics:a@hour', ''])(
    '%j is none',
    (text) => {
      expect(parsePolledAddress(text)).toBeUndefined()
    },
  )

  it('of any measurement at all is read back as it was', () => {
    const name = fc.string({ minLength: 1, unit: 'binary' })
    const place = fc.record({ bucket: fc.constantFrom(...bucketSizes), part: fc.constantFrom(...bucketParts) })
    const address = fc.oneof(
      fc.record({ name, place }).map(({ name: key, place: at }) => ({ poll: 'metric' as const, name: key, ...at })),
      name.map((key) => ({ poll: 'state' as const, name: key })),
      fc.constantFrom(...inventoryFields).map((field) => ({ poll: 'inventory' as const, name: field })),
      fc.constantFrom(...gatewayFields).map((field) => ({ poll: 'gateway' as const, name: field })),
      fc.record({ place, label: fc.stringMatching(/^[A-Za-z0-9_]{1,12}$/) }).map(({ place: at, label }) => ({
        poll: 'gateway-metric' as const,
        name: 'tx_packets_per_status' as const,
        label,
        ...at,
      })),
    )
    fc.assert(
      fc.property(address, (each) => {
        expect(parseAddress(formatPolledAddress(each))).toEqual(each)
      }),
    )
  })

  it('has one canonical form for each, and never makes the parser throw', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('metric:', 'link-metric:', 'state:', 'gateway:'), fc.string())
        .map((all) => all.join('')),
    )
    fc.assert(
      fc.property(text, (written) => {
        const parsed = parseAddress(written)
        if (isAddressFault(parsed) || !isPolledAddress(parsed)) return
        expect(parseAddress(formatPolledAddress(parsed))).toEqual(parsed)
      }),
    )
    expect(formatPolledAddress(parseAddress('metric:"temperature"@hour') as PolledAddress)).toBe(
      'metric:temperature@hour',
    )
  })
})
