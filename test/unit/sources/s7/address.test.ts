import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, formatAddress, parseAddress, type S7Address, s7Types } from '../../../../src/sources/s7/address.ts'

const accepted = (text: string): S7Address => {
  const parsed = parseAddress(text)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault.message}`)
  return parsed.address
}

const fault = (text: string) => {
  const parsed = parseAddress(text)
  if (parsed.ok) throw new Error(`${text} was accepted`)
  return parsed.fault
}

const db = fc.integer({ min: 1, max: 65_535 })
const bit = fc.integer({ min: 0, max: 7 })
const typed = fc
  .record({ db, type: fc.constantFrom(...s7Types), bit, maxLength: fc.integer({ min: 1, max: 254 }) })
  .chain(({ db, type, bit, maxLength }) => {
    const length = type === 'STRING' ? maxLength : 0
    return fc.integer({ min: 0, max: 65_536 - bytesOf(type, length) }).map(
      (offset): S7Address => ({
        notation: 'typed',
        db,
        type,
        offset,
        bit: type === 'BOOL' ? bit : 0,
        maxLength: length,
      }),
    )
  })
const sized = fc
  .record({ db, width: fc.constantFrom('X', 'B', 'W', 'D'), offset: fc.integer({ min: 0, max: 65_532 }), bit })
  .map(({ db, width, offset, bit }): S7Address => {
    return { notation: 'sized', db, width, offset, bit: width === 'X' ? bit : 0 }
  })

describe('an address', () => {
  it('is written in one way and read back the same', () => {
    fc.assert(
      fc.property(fc.oneof(typed, sized), (address) => {
        expect(accepted(formatAddress(address))).toEqual(address)
        expect(accepted(formatAddress(address).toLowerCase())).toEqual(address)
      }),
    )
  })

  it.each([
    ['DB1,REAL4', 'DB1,REAL4'],
    ['db001,r4', 'DB1,REAL4'],
    ['DB1,I10', 'DB1,INT10'],
    ['DB1,BOOL0.3', 'DB1,X0.3'],
    ['DB1,S20.30', 'DB1,STRING20.30'],
    ['DB1.DBX0.3', 'DB1.DBX0.3'],
    ['DB1.DBB3', 'DB1.DBB3'],
    ['DB1.DBW10', 'DB1.DBW10'],
    ['DB65535.DBD65532', 'DB65535.DBD65532'],
  ])('%s means %s', (written, canonical) => {
    expect(formatAddress(accepted(written))).toBe(canonical)
  })

  it.each([
    ['DB1,DW4', 'DWORD'],
    ['DB1,DI4', 'DINT'],
    ['DB1,D4', undefined],
    ['DB1,DINT4', 'DINT'],
    ['DB1,DWORD4', 'DWORD'],
    ['DB1,LR4', 'LREAL'],
    ['DB1,LREAL4', 'LREAL'],
    ['DB1,R4', 'REAL'],
    ['DB1,B4', 'BYTE'],
    ['DB1,BYTE4', 'BYTE'],
    ['DB1,LINT4', undefined],
    ['DB1,DT4', undefined],
    ['DB1,DTL4', undefined],
  ])('names no type that merely begins like another: %s is %s', (text, type) => {
    const parsed = parseAddress(text)
    expect(parsed.ok && parsed.address.notation === 'typed' ? parsed.address.type : undefined).toBe(type)
  })

  it.each([
    ['', 1, 'DB1,REAL4'],
    ['M0.1', 1, 'data blocks'],
    ['DB', 3, 'number'],
    ['DB0,INT0', 3, '1 to 65535'],
    ['DB65536,INT0', 3, '1 to 65535'],
    ['DB1', 4, '","'],
    ['DB1;INT0', 4, '";"'],
    ['DB1,', 5, 'X (a bit)'],
    ['DB1, REAL4', 5, 'X (a bit)'],
    ['DB1,REEL4', 5, 'REEL'],
    ['DB1,REAL', 9, 'byte'],
    ['DB1,REAL-4', 9, '"-"'],
    ['DB1,REAL65533', 9, '65532'],
    ['DB1,INT65536', 8, '65535'],
    ['DB1,REAL4.2', 10, 'no arrays'],
    ['DB1,REAL4 ', 10, 'spaces'],
    ['DB1,X0', 7, '0 to 7'],
    ['DB1,X0.8', 8, '0 to 7'],
    ['DB1,X0.9', 8, '0 to 7'],
    ['DB1,STRING20', 13, 'length'],
    ['DB1,STRING20.0', 14, '1 to 254'],
    ['DB1,STRING20.255', 14, '1 to 254'],
    ['DB1.DBL4', 5, 'DBX'],
    ['DB1.DBX0', 9, '0 to 7'],
    ['DB1.DBD65533', 8, '65532'],
    ['DB1.DBW10x', 10, '"x"'],
  ])('%j is refused at column %i, saying %s', (text, column, words) => {
    const { column: found, message, mend } = fault(text)
    expect(found).toBe(column)
    expect(`${message} ${mend}`).toContain(words)
  })

  it('is refused, never a crash, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^DB\d{1,6}[,.][A-Z]{0,7}\d{0,6}(\.\d{0,4})?$/)), (text) => {
        const parsed = parseAddress(text)
        if (parsed.ok) expect(parseAddress(formatAddress(parsed.address))).toEqual(parsed)
        else expect(parsed.fault.column).toBeGreaterThan(0)
      }),
    )
  })
})
