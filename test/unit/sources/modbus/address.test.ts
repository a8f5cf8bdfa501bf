import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areas, formatAddress, isAddressFault, parseAddress } from '../../../../src/sources/modbus/address.ts'

describe('parseAddress', () => {
  it.each([
    ['coil:5', { area: 'coil', start: 5 }],
    ['discrete:0', { area: 'discrete', start: 0 }],
    ['input:3', { area: 'input', start: 3 }],
    ['holding:65535', { area: 'holding', start: 65_535 }],
    ['holding:100.3', { area: 'holding', start: 100, bit: 3 }],
    ['input:0.15', { area: 'input', start: 0, bit: 15 }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
  })

  it.each([
    ['', 1, 'starts with none of coil:, discrete:, input:, holding:'],
    ['40001', 1, 'starts with none'],
    ['Holding:1', 1, 'starts with none'],
    [' holding:1', 1, 'starts with none'],
    ['holding', 8, 'no ":"'],
    ['holding:', 9, 'no number'],
    ['holding:x', 9, 'no number'],
    ['holding:-1', 9, 'no number'],
    ['holding:65536', 9, '0 to 65535'],
    ['holding:1x', 10, 'goes on with "x"'],
    ['holding:1 ', 10, 'goes on with " "'],
    ['coil:7.1', 7, 'single bit already'],
    ['holding:100.', 13, '0 to 15'],
    ['holding:100.16', 13, '0 to 15'],
    ['holding:100.3x', 14, 'goes on with "x"'],
  ])('refuses "%s" at column %i', (text, column, message) => {
    expect(parseAddress(text)).toMatchObject({ column, message: expect.stringContaining(message) })
  })

  it('tells who copied a number from a manual what to write instead', () => {
    expect(parseAddress('holding:400101')).toMatchObject({ mend: expect.stringContaining('write 100 ') })
  })

  it('reads back every address that it can write', () => {
    const address = fc.oneof(
      fc.record({ area: fc.constantFrom(...areas), start: fc.nat(65_535) }),
      fc.record({
        area: fc.constantFrom('input' as const, 'holding' as const),
        start: fc.nat(65_535),
        bit: fc.nat(15),
      }),
    )
    fc.assert(
      fc.property(address, (each) => {
        expect(parseAddress(formatAddress(each))).toEqual(each)
      }),
    )
  })

  it('answers any text at all, and what it accepts it can write canonically', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^holding:[0-9.]{0,8}$/)), (text) => {
        const parsed = parseAddress(text)
        if (isAddressFault(parsed)) expect(parsed.column).toBeLessThanOrEqual(text.length + 1)
        else expect(parseAddress(formatAddress(parsed))).toEqual(parsed)
      }),
    )
  })
})
