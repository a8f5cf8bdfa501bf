import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { type ChirpStackAddress, parseAddress } from '../../../../src/sources/chirpstack/address.ts'
import type { JsonObject } from '../../../../src/sources/chirpstack/json.ts'
import { readingAt } from '../../../../src/sources/chirpstack/reading.ts'

const read = (text: string, body: string) =>
  readingAt(parseAddress(text) as ChirpStackAddress, JSON.parse(body) as JsonObject)

describe('what an event says at an address', () => {
  it('is the decoded value, however deep it is', () => {
    const body = '{"object":{"temperature":21.3,"air":{"co2":612},"readings":[{"value":0},{"value":7}],"my key":"x"}}'
    expect(read('object.temperature', body)).toEqual({ value: 21.3 })
    expect(read('object.air.co2', body)).toEqual({ value: 612 })
    expect(read('object.readings[1].value', body)).toEqual({ value: 7 })
    expect(read('object.readings[0].value', body)).toEqual({ value: 0 })
    expect(read('object["my key"]', body)).toEqual({ value: 'x' })
  })

  it.each([
    '{}',
    '{"object":{}}',
    '{"object":{"air":5}}',
    '{"object":{"air":[]}}',
    '{"object":[]}',
    '{"object":"co2"}',
  ])('is nothing where %s has no such path', (body) => {
    expect(read('object.air.co2', body)).toBeUndefined()
  })

  it('is nothing for what every JavaScript object inherits', () => {
    const body = '{"object":{"list":[1]}}'
    for (const key of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      expect(read(`object.${key}`, body)).toBeUndefined()
    }
    expect(read('object.list.length', body)).toBeUndefined()
    expect(read('object.list[1]', body)).toBeUndefined()
  })

  it('is not changed by a body that carries __proto__', () => {
    const body = '{"__proto__":{"object":{"temperature":1}},"object":{"__proto__":{"temperature":2}}}'
    expect(read('object.temperature', body)).toBeUndefined()
    expect(({} as Record<string, unknown>).temperature).toBeUndefined()
  })

  it('is a sensor failure where the codec wrote null, as it does for NaN', () => {
    const failure = { status: StatusCode.BadSensorFailure }
    expect(read('object.temperature', '{"object":{"temperature":null}}')).toEqual(failure)
    expect(read('object.air.co2', '{"object":{"air":null}}')).toEqual(failure)
  })

  it('takes RSSI and SNR from whichever gateway heard it best, an absent one being 0', () => {
    const body = '{"rxInfo":[{"rssi":-110,"snr":-3.5},{"rssi":-97},{"rssi":-99,"snr":-1}]}'
    expect(read('link.rssi', body)).toEqual({ value: -97 })
    expect(read('link.snr', body)).toEqual({ value: 0 })
  })

  it.each(['{}', '{"rxInfo":[]}', '{"rxInfo":{}}'])('says nothing of the link in %s', (body) => {
    expect(read('link.rssi', body)).toBeUndefined()
  })

  it('hands a link value of a wrong type on, to be refused by the tag', () => {
    expect(read('link.rssi', '{"rxInfo":[{"rssi":"-97"}]}')).toEqual({ value: '-97' })
  })

  it('does not take the battery level 0 of a device without a measured battery for a reading', () => {
    expect(read('status:batteryLevel', '{"batteryLevel":0,"batteryLevelUnavailable":true}')).toEqual({
      status: StatusCode.BadSensorFailure,
    })
    expect(read('status:batteryLevel', '{"batteryLevel":0,"externalPowerSource":true}')).toEqual({
      status: StatusCode.BadNotSupported,
    })
    expect(read('status:batteryLevel', '{"batteryLevel":0,"externalPowerSource":false}')).toEqual({ value: 0 })
  })
})
