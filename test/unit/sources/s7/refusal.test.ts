import { describe, expect, it } from 'vitest'
import { statusName } from '../../../../src/core/status-code.ts'
import { itemRefusal, requestRefusal } from '../../../../src/sources/s7/refusal.ts'

describe('the return code of an item', () => {
  it('0xff means that it was read', () => {
    expect(itemRefusal(0xff)).toBeUndefined()
  })

  it.each([
    [0x01, 'BadDeviceFailure', false, 'hardware'],
    [0x03, 'BadUserAccessDenied', false, 'PUT/GET'],
    [0x05, 'BadConfigurationError', true, 'end of the data block'],
    [0x06, 'BadConfigurationError', false, 'data type'],
    [0x07, 'BadConfigurationError', false, 'inconsistent'],
    [0x0a, 'BadConfigurationError', true, 'no such data block'],
    [0x00, 'BadDeviceFailure', false, 'not known'],
    [0x63, 'BadDeviceFailure', false, 'not known'],
  ])(
    '%i is %s, tells the operator why, and knows whether the address is at fault',
    (code, status, ofAddress, words) => {
      const refusal = itemRefusal(code)
      expect(refusal && statusName(refusal.status)).toBe(status)
      expect(refusal?.ofAddress).toBe(ofAddress)
      expect(refusal?.reason).toContain(words)
    },
  )
})

describe('the error of a request', () => {
  it('0 is none', () => {
    expect(requestRefusal(0, 0)).toBeUndefined()
  })

  it.each([
    [0x81, 0x04, 'BadUserAccessDenied'],
    [0xd6, 0x02, 'BadUserAccessDenied'],
    [0xd2, 0x41, 'BadUserAccessDenied'],
    [0x85, 0x00, 'BadDeviceFailure'],
    [0x00, 0x01, 'BadDeviceFailure'],
  ])('class %i, code %i is %s', (errorClass, code, status) => {
    const refusal = requestRefusal(errorClass, code)
    expect(refusal && statusName(refusal.status)).toBe(status)
    expect(refusal?.code).toMatch(/^error 0x[0-9a-f]{4}$/)
  })
})
