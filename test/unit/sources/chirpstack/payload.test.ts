import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataType, fitValue } from '../../../../src/core/data-type.ts'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { type ChirpStackAddress, parseAddress } from '../../../../src/sources/chirpstack/address.ts'
import { payloadProblems, payloadReader } from '../../../../src/sources/chirpstack/payload.ts'
import { loraTag } from '../../../support/chirpstack-plant.ts'

const hex = (text: string): string => Buffer.from(text, 'hex').toString('base64')

function read(address: string, fields: Partial<TagConfig>, body: Record<string, unknown>) {
  const tag = loraTag('t', address, fields)
  return payloadReader(parseAddress(address) as ChirpStackAddress, tag)(body)
}
const problems = (address: string, fields: Partial<TagConfig>) =>
  payloadProblems(loraTag('t', address, fields), parseAddress(address) as ChirpStackAddress).map(({ path }) => path)

describe('the payload of an uplink', () => {
  const body = { fPort: 10, data: hex('01ff8000fffe7fc00000') }

  const values: [string, Partial<TagConfig>, unknown][] = [
    ['payload[0]', { type: 'Byte' }, 1],
    ['payload[1]', { type: 'SByte' }, -1],
    ['payload[1]', { type: 'Int16' }, -128],
    ['payload[1]', { type: 'Int16', byteOrder: 'little' }, -32_513],
    ['payload[1]', { type: 'Int32', encoding: 'uint16' }, 65_408],
    ['payload[1]', { type: 'Int32', encoding: 'int24' }, -32_768],
    ['payload[0]', { type: 'UInt32' }, 33_521_664],
    ['payload[0]', { type: 'UInt64', encoding: 'uint32' }, 33_521_664],
    ['payload[2].7', { type: 'Boolean' }, true],
    ['payload[2].6', { type: 'Boolean' }, false],
    ['payload@10[0]', { type: 'Byte' }, 1],
    ['payload[0]', { type: 'String', length: 3 }, '01ff80'],
    ['payload[8]', { type: 'String' }, '0000'],
    ['payload[0]', { type: 'ByteString', length: 2 }, Buffer.from([1, 0xff])],
    ['payload', { type: 'String' }, '01ff8000fffe7fc00000'],
    ['payload', { type: 'ByteString' }, Buffer.from('01ff8000fffe7fc00000', 'hex')],
  ]
  it.each(values)('at %s is decoded by the gateway: %o', (address, fields, value) => {
    expect(read(address, fields, body)).toEqual({ value })
  })

  it('says nothing of a tag that is limited to another port, nor where it has only MAC commands', () => {
    expect(read('payload@11[0]', { type: 'Byte' }, body)).toBeUndefined()
    expect(read('payload', { type: 'ByteString' }, { fPort: 0, data: hex('01') })).toBeUndefined()
    expect(read('payload', { type: 'ByteString' }, {})).toBeUndefined()
  })

  it('may be empty', () => {
    expect(read('payload', { type: 'String' }, { fPort: 2, data: '' })).toEqual({ value: '' })
  })

  it.each([
    ['payload[10]', { type: 'Byte' }, /no byte 10 in a payload of 10/],
    ['payload[7]', { type: 'Double', encoding: 'float32' }, /no bytes 7 to 10/],
    ['payload[9]', { type: 'ByteString', length: 2 }, /no bytes 9 to 10/],
    ['payload[241].0', { type: 'Boolean' }, /no byte 241/],
  ] as const)('that ends before %s is Bad with a reason, never a default', (address, fields, reason) => {
    expect(read(address, fields, body)).toEqual({
      status: StatusCode.BadDecodingError,
      reason: expect.stringMatching(reason),
    })
  })

  it('is a sensor failure where its number is NaN', () => {
    expect(read('payload[6]', { type: 'Float' }, body)).toEqual({ status: StatusCode.BadSensorFailure })
  })

  it.each(['?', 5, {}, 'A'.repeat(5_000)])('that is no base64 (%#) is Bad with a reason', (data) => {
    expect(read('payload[0]', { type: 'Byte' }, { fPort: 2, data })).toMatchObject({
      reason: expect.stringContaining('no base64'),
    })
  })

  it('of any bytes gives a value that fits its tag, or a Bad status', () => {
    const types: [DataType, string][] = [
      ['Byte', 'uint8'],
      ['Int16', 'int16'],
      ['Int32', 'int24'],
      ['UInt32', 'uint32'],
      ['Int64', 'int64'],
      ['UInt64', 'uint24'],
      ['Float', 'float32'],
      ['Double', 'float64'],
    ]
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom(...types),
        fc.nat(20),
        (bytes, [type, encoding], at) => {
          const data = Buffer.from(bytes).toString('base64')
          const reading = read(`payload[${at}]`, { type, encoding }, { fPort: 1, data })
          if (reading?.status === undefined) {
            const value = type === 'Int64' || type === 'UInt64' ? BigInt(reading?.value as number) : reading?.value
            expect(fitValue(type, reading?.value)).toBe(value)
          } else expect(reading.status >>> 30).toBe(2)
        },
      ),
    )
  })
})

describe('a tag of the payload', () => {
  it.each([
    ['payload[0]', { type: 'Byte' }, []],
    ['payload', { type: 'Int16' }, ['type']],
    ['payload', { type: 'ByteString', length: 4 }, ['length']],
    ['payload[0]', { type: 'Boolean' }, ['address']],
    ['payload[0].1', { type: 'Byte' }, ['address']],
    ['payload[0]', { type: 'Int16', encoding: 'float32' }, ['encoding']],
    ['payload[0]', { type: 'String', encoding: 'uint8' }, ['encoding']],
    ['payload[0]', { type: 'Int16', length: 2 }, ['length']],
    ['object.t', { type: 'Int16', encoding: 'int16', byteOrder: 'little' }, ['encoding', 'byteOrder']],
  ] as const)('at %s with %o has faults in %j', (address, fields, faults) => {
    expect(problems(address, fields)).toEqual(faults)
  })
})
