import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress, type S7Address } from '../../../../src/sources/s7/address.ts'
import { bytesOf, isText, longestText, s7Types } from '../../../../src/sources/s7/types.ts'

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

const place = fc.oneof(
  fc.record({ area: fc.constant('DB' as const), db: fc.integer({ min: 1, max: 65_535 }) }),
  fc.record({ area: fc.constantFrom('M', 'I', 'Q', 'PI'), db: fc.constant(0) }),
)
const bit = fc.integer({ min: 0, max: 7 })
const bytewise = s7Types.filter((type) => type !== 'TIMER' && type !== 'COUNTER')
const typed = fc
  .record({ place, type: fc.constantFrom(...bytewise), bit, length: fc.integer({ min: 1, max: 16_382 }) })
  // Outside of data blocks a bit is written in one way only, Siemens' own.
  .filter(({ place, type }) => place.area === 'DB' || type !== 'BOOL')
  .chain(({ place, type, bit, length }) => {
    const maxLength = isText(type) ? Math.min(length, longestText[type]) : 0
    return fc.integer({ min: 0, max: 65_536 - bytesOf(type, maxLength) }).map(
      (offset): S7Address => ({
        notation: 'typed',
        ...place,
        type,
        offset,
        bit: type === 'BOOL' ? bit : 0,
        maxLength,
      }),
    )
  })
const sized = fc
  .record({ place, width: fc.constantFrom('X', 'B', 'W', 'D'), offset: fc.integer({ min: 0, max: 65_532 }), bit })
  .map(({ place, width, offset, bit }): S7Address => {
    return { notation: 'sized', ...place, width, offset, bit: width === 'X' ? bit : 0 }
  })
const numbered = fc
  .record({ area: fc.constantFrom('T', 'C'), offset: fc.integer({ min: 0, max: 2_047 }) })
  .map(({ area, offset }): S7Address => {
    const type = area === 'T' ? 'TIMER' : 'COUNTER'
    return { notation: 'typed', area, db: 0, type, offset, bit: 0, maxLength: 0 }
  })

describe('an address', () => {
  it('is written in one way and read back the same', () => {
    fc.assert(
      fc.property(fc.oneof(typed, sized, numbered), (address) => {
        expect(accepted(formatAddress(address))).toEqual(address)
        expect(accepted(formatAddress(address).toLowerCase())).toEqual(address)
        expect(accepted(`%${formatAddress(address)}`)).toEqual(address)
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
    ['%DB1.DBD4', 'DB1.DBD4'],
    ['DB1,Time_Of_Day4', 'DB1,TOD4'],
    ['DB1,DATE_AND_TIME8', 'DB1,DT8'],
    ['DB1,S5TIME2', 'DB1,S5TIME2'],
    ['DB1,WS0.16382', 'DB1,WSTRING0.16382'],
    ['M0.1', 'M0.1'],
    ['%MX0.1', 'M0.1'],
    ['MBOOL0.1', 'M0.1'],
    ['MB4', 'MB4'],
    ['MW4', 'MW4'],
    ['%MD4', 'MD4'],
    ['MREAL4', 'MREAL4'],
    ['mr4', 'MREAL4'],
    ['MDI4', 'MDINT4'],
    ['MC4', 'MCHAR4'],
    ['MS5TIME4', 'MS5TIME4'],
    ['MS20.30', 'MSTRING20.30'],
    ['I0.0', 'I0.0'],
    ['E0.0', 'I0.0'],
    ['EW64', 'IW64'],
    ['EDINT4', 'IDINT4'],
    ['ID4', 'ID4'],
    ['II4', 'IINT4'],
    ['Q0.7', 'Q0.7'],
    ['A0.7', 'Q0.7'],
    ['QB0', 'QB0'],
    ['AW2', 'QW2'],
    ['PIW256', 'PIW256'],
    ['PEW256', 'PIW256'],
    ['%IW256:P', 'PIW256'],
    ['%I0.3:p', 'PI0.3'],
    ['T5', 'T5'],
    ['C3', 'C3'],
    ['Z3', 'C3'],
    ['VW100', 'DB1.DBW100'],
    ['V10.3', 'DB1.DBX10.3'],
    ['VREAL4', 'DB1,REAL4'],
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
    ['DB1,LINT4', 'LINT'],
    ['DB1,DT4', 'DT'],
    ['DB1,DTL4', 'DTL'],
    ['DB1,DATE4', 'DATE'],
    ['DB1,TIME4', 'TIME'],
    ['DB1,TIMER4', undefined],
    ['DB1,TI4', undefined],
    ['DB1,S5TIMER4', undefined],
  ])('names no type that merely begins like another: %s is %s', (text, type) => {
    const parsed = parseAddress(text)
    expect(parsed.ok && parsed.address.notation === 'typed' ? parsed.address.type : undefined).toBe(type)
  })

  it.each([
    ['', 1, 'DB1,REAL4'],
    ['X0.1', 1, 'not an area'],
    ['%', 2, 'does not begin with an area'],
    ['M0', 3, 'Add the bit, 0 to 7: M0.3'],
    ['M0.8', 4, '0 to 7'],
    ['MX4', 4, '"."'],
    ['MREEL4', 2, 'REEL'],
    ['MTIMER4', 2, 'TIMER'],
    ['MW', 3, 'byte in the bit memory'],
    ['MW65535', 3, '65534'],
    ['I', 2, 'input image'],
    ['DBD4', 1, 'DB1.DBD'],
    ['PQW256', 1, 'output image'],
    ['PAB4', 1, 'output image'],
    ['QW4:P', 4, 'output image'],
    ['MW4:P', 4, '":"'],
    ['P4', 1, 'not an area'],
    ['T', 2, 'number of the timer'],
    ['T2048', 2, '0 to 2047'],
    ['T5.1', 3, '"."'],
    ['TIME4', 1, 'not an area'],
    ['CHAR4', 1, 'not an area'],
    ['%%M0.1', 2, 'does not begin'],
    ['DB1,INT0.10', 9, 'arrayLength'],
    ['MW4.10', 4, 'arrayLength'],
    ['DB1,STRING20.30.4', 16, 'arrayLength'],
    ['DB1,WSTRING20.16383', 15, '1 to 16382'],
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
    ['DB1,REAL4.2', 10, 'arrayLength'],
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
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^%?(DB\d{1,6}[,.])?[A-Z]{0,8}\d{0,6}(\.\d{0,4})?(:P)?$/)),
        (text) => {
          const parsed = parseAddress(text)
          if (parsed.ok) expect(parseAddress(formatAddress(parsed.address))).toEqual(parsed)
          else expect(parsed.fault.column).toBeGreaterThan(0)
        },
      ),
    )
  })
})
