import { StatusCodes } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../src/core/status-code.ts'
import { StatusCodeCache } from '../../../src/opcua/status-codes.ts'

describe('a status number', () => {
  it.each(Object.entries(StatusCode))('%s is the status that node-opcua calls so', (name, code) => {
    expect(new StatusCodeCache().of(code)).toBe(StatusCodes[name as keyof typeof StatusCodes])
  })

  it.each([0x4090_0403, 0x8055_0001, 0xbfff_ffff, 0x0000_0400])('%i survives bit for bit, known or not', (code) => {
    const status = new StatusCodeCache().of(code)

    expect(status.value).toBe(code)
    expect(status.isBad()).toBe(code >= 0x8000_0000)
  })

  it('is made once', () => {
    const cache = new StatusCodeCache()

    expect(cache.of(0x4090_0403)).toBe(cache.of(0x4090_0403))
  })
})
