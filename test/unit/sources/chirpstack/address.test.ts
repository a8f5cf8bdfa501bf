import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatAddress,
  isAddressFault,
  isPolledAddress,
  parseAddress,
} from '../../../../src/sources/chirpstack/address.ts'
import { type EventKind, eventFields, groupFields } from '../../../../src/sources/chirpstack/event-fields.ts'

describe('the address of a ChirpStack tag', () => {
  it.each([
    ['object.temperature', 'up', ['object', 'temperature']],
    ['object.air.co2', 'up', ['object', 'air', 'co2']],
    ['object.readings[0].value', 'up', ['object', 'readings', 0, 'value']],
    ['object["my key"].x', 'up', ['object', 'my key', 'x']],
    ['object["a\\"b]"]', 'up', ['object', 'a"b]']],
    ['object.Température_1-max', 'up', ['object', 'Température_1-max']],
    ['object.1h', 'up', ['object', '1h']],
    ['object["a.b:c"]', 'up', ['object', 'a.b:c']],
    ['fCnt', 'up', ['fCnt']],
    ['txInfo.frequency', 'up', ['txInfo', 'frequency']],
    ['link.snr', 'up', ['link', 'snr']],
    ['up:dr', 'up', ['dr']],
    ['status:batteryLevel', 'status', ['batteryLevel']],
    ['join:devAddr', 'join', ['devAddr']],
    ['location:location.latitude', 'location', ['location', 'latitude']],
    ['link.spreadingFactor', 'up', ['link', 'spreadingFactor']],
    ['device.age', 'device', ['age']],
    ['payload', 'up', ['payload']],
    ['payload[0]', 'up', ['payload', 0]],
  ])('%s is understood', (text, event, path) => {
    expect(parseAddress(text)).toEqual({ event, path })
  })

  it.each([
    ['', 1, /no field/],
    ['temperature', 1, /names "temperature"/],
    ['uplink:fCnt', 1, /no event of ChirpStack/],
    ['status:object.x', 8, /names "object"/],
    ['object', 7, /no single value/],
    ['object.', 8, /no key after/],
    ['object..a', 8, /no key after/],
    ['object.my key', 10, /goes on with " key"/],
    ['object[x]', 8, /neither a position nor a quoted key/],
    ['object[-1]', 8, /neither a position/],
    ['object[01]', 8, /neither a position/],
    ['object["a"', 11, /no "\]"/],
    ['object["a]', 8, /neither a position/],
    ['object["\\q"]', 8, /neither a position/],
    ['link.lqi', 5, /has not/],
    ['link.rssi.x', 5, /has not/],
    ['object.__proto__.x', 7, /__proto__/],
    ['object["__proto__"]', 7, /__proto__/],
  ])('%j is refused with the column where it goes wrong', (text, column, message) => {
    const fault = parseAddress(text)
    expect(fault).toMatchObject({ column, message: expect.stringMatching(message) })
    expect(isAddressFault(fault) && fault.mend).toBeTruthy()
  })

  it.each([
    ['payload@10', { event: 'up', path: ['payload'], port: 10 }],
    ['payload@223[241]', { event: 'up', path: ['payload', 241], port: 223 }],
    ['payload@1[2].7', { event: 'up', path: ['payload', 2], port: 1, bit: 7 }],
    ['up:payload[2].0', { event: 'up', path: ['payload', 2], bit: 0 }],
  ])('%s names port, byte and bit of the payload', (text, address) => {
    const parsed = parseAddress(text)
    expect(parsed).toEqual(address)
    expect(isAddressFault(parsed) || isPolledAddress(parsed) ? '' : formatAddress(parsed)).toBe(
      text.replace(/^up:/, ''),
    )
  })

  it.each([
    ['payload.x', 8],
    ['payload@', 9],
    ['payload@0', 9],
    ['payload@224', 9],
    ['payload[242]', 9],
    ['payload[x]', 9],
    ['payload[-1]', 9],
    ['payload[2].8', 11],
    ['payload[2].7.1', 11],
    ['payload[2][3]', 11],
    ['payload["a"]', 9],
    ['payload@10@11', 11],
    ['device.', 8],
    ['device.age.x', 8],
  ])('%s is refused at column %i', (text, column) => {
    expect(parseAddress(text)).toMatchObject({ column, mend: expect.stringContaining('Write ') })
  })

  it.each([
    ['link.snrr', 'Write link.snr.'],
    ['link.speadingFactor', 'Write link.spreadingFactor.'],
    ['device.lastseen', 'Write device.lastSeen.'],
    ['statsu:margin', 'Write status:margin.'],
    ['status:batterylevel', 'Write status:batteryLevel.'],
    ['objects.temperature', 'Write object.temperature.'],
    ['rssi', 'Write link.rssi.'],
    ['batteryLevel', /status:batteryLevel/],
    ['air.co2', /object\.air\.co2/],
  ])('%s is answered with what was probably meant', (text, mend) => {
    const fault = parseAddress(text)
    expect(isAddressFault(fault) && fault.mend).toMatch(mend)
  })

  it('tells the operator to write object. before a decoded value', () => {
    expect(parseAddress('temperature')).toMatchObject({ mend: expect.stringContaining('object.temperature') })
  })

  it('is written back in one canonical form', () => {
    const canonical = (text: string) => {
      const parsed = parseAddress(text)
      return isAddressFault(parsed) || isPolledAddress(parsed) ? parsed : formatAddress(parsed)
    }
    expect(canonical('up:object["temperature"]')).toBe('object.temperature')
    expect(canonical('object["my key"][2]')).toBe('object["my key"][2]')
    expect(canonical('status:margin')).toBe('status:margin')
  })

  it('of any keys at all is read back as it was', () => {
    const key = fc.oneof(fc.string(), fc.nat(1_000)).filter((step) => step !== '__proto__')
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), (steps) => {
        const address = { event: 'up' as const, path: ['object', ...steps] }
        expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
    )
  })

  it('can name every plain field of every event', () => {
    for (const [event, fields] of Object.entries(eventFields) as [EventKind, readonly string[]][]) {
      for (const field of fields.filter((each) => !groupFields.has(each))) {
        expect(parseAddress(`${event}:${field}`)).toEqual({ event, path: [field] })
      }
    }
  })

  it('never makes the parser throw', () => {
    fc.assert(fc.property(fc.string(), (text) => parseAddress(text) !== undefined))
  })
})
