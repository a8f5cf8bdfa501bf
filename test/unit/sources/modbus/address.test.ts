import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areas, type Counting, formatAddress, isAddressFault } from '../../../../src/sources/modbus/address.ts'
import { parseAddress } from '../../../../src/sources/modbus/parse-address.ts'

const countings: readonly Counting[] = ([0, 1] as const).flatMap((addressBase) =>
  (['lsb', 'msb'] as const).flatMap((bitOrder) =>
    ([undefined, 'words', 'bytes'] as const).map((iecMemory) => ({ addressBase, bitOrder, iecMemory })),
  ),
)
const [wire] = countings as [Counting]
const words: Counting = { ...wire, iecMemory: 'words' }
const bytes: Counting = { ...wire, iecMemory: 'bytes' }

const canonical = (text: string, counting = wire) => {
  const parsed = parseAddress(text, counting)
  return isAddressFault(parsed) ? `column ${parsed.column}: ${parsed.message}` : formatAddress(parsed.address)
}

describe('an address', () => {
  it.each([
    ['coil:5', 'coil:5'],
    ['discrete:0', 'discrete:0'],
    ['input:3', 'input:3'],
    ['holding:65535', 'holding:65535'],
    ['holding:100.3', 'holding:100.3'],
    ['input:0.15', 'input:0.15'],
    ['holding:100.h', 'holding:100.h'],
    ['holding:100.L', 'holding:100.l'],
    ['Holding:7', 'holding:7'],
    ['hr:7', 'holding:7'],
    ['ir:7.2', 'input:7.2'],
    ['co:7', 'coil:7'],
    ['c:7', 'coil:7'],
    ['di:7', 'discrete:7'],
    ['holding:0x1F', 'holding:31'],
    ['input:0xffff.0', 'input:65535.0'],
    ['40001', 'holding:0'],
    ['49999', 'holding:9998'],
    ['400001', 'holding:0'],
    ['465536', 'holding:65535'],
    ['30001', 'input:0'],
    ['300010', 'input:9'],
    ['10001', 'discrete:0'],
    ['00001', 'coil:0'],
    ['000017', 'coil:16'],
    ['40001.3', 'holding:0.3'],
    ['400001.h', 'holding:0.h'],
    ['4x1', 'holding:0'],
    ['4X00001', 'holding:0'],
    ['3x17', 'input:16'],
    ['1x17', 'discrete:16'],
    ['4x65536', 'holding:65535'],
    ['HR1', 'holding:0'],
    ['hr1', 'holding:0'],
    ['IR10', 'input:9'],
    ['C1', 'coil:0'],
    ['DI65536', 'discrete:65535'],
    ['HR1024.10', 'holding:1023.10'],
    ['%MW100', 'holding:100'],
    ['%mw100', 'holding:100'],
    ['%MW100.3', 'holding:100.3'],
    ['%MW100.X3', 'holding:100.3'],
    ['%MF100', 'holding:100'],
    ['%M5', 'coil:5'],
  ])('%s is %s', (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  it.each([
    ['HRF1', { encoding: 'float32' }],
    ['HRD1', { encoding: 'float64' }],
    ['HRI1', { encoding: 'int32' }],
    ['HRUI1', { encoding: 'uint32' }],
    ['HRUS1', { encoding: 'uint16' }],
    ['HRI_641', { encoding: 'int64' }],
    ['HRUI_641', { encoding: 'uint64' }],
    ['HRBCD1', { encoding: 'bcd16' }],
    ['HRBCD_321', { encoding: 'bcd32' }],
    ['HRS1', { encoding: 'string' }],
    ['HRS1:20', { encoding: 'string', length: 20 }],
    ['%MF0', { encoding: 'float32' }],
  ])('%s says how the value lies there', (text, said) => {
    expect(parseAddress(text)).toEqual({ address: { area: 'holding', start: 0 }, ...said })
    if (text.startsWith('HR')) {
      expect(parseAddress(text.replace('HR', 'IR'))).toEqual({ address: { area: 'input', start: 0 }, ...said })
    }
  })

  it('counts from 1 where the device does, but only where the notation leaves it open', () => {
    const one: Counting = { ...wire, addressBase: 1 }
    expect(canonical('holding:1', one)).toBe('holding:0')
    expect(canonical('hr:65536', one)).toBe('holding:65535')
    expect(canonical('holding:0', one)).toBe('column 9: has the number 0; 1 to 65536 are allowed.')
    for (const text of ['40001', '4x1', 'HR1', '%MW0']) expect(canonical(text, one)).toBe('holding:0')
  })

  it('numbers bits from the other end where the device does', () => {
    const msb: Counting = { ...wire, bitOrder: 'msb' }
    expect(canonical('holding:0.0', msb)).toBe('holding:0.15')
    expect(canonical('40001.15', msb)).toBe('holding:0.0')
    expect(formatAddress({ area: 'holding', start: 0, bit: 15 }, msb)).toBe('holding:0.0')
  })

  it('in the memory of a PLC counts words or bytes, as the device does, and is refused where that is not said', () => {
    expect(canonical('%MD10', words)).toBe('holding:10')
    expect(canonical('%MD10', bytes)).toBe('holding:20')
    expect(canonical('%MX10.3', words)).toBe('holding:10.3')
    expect(canonical('%MX10.3', bytes)).toBe('holding:5.3')
    expect(canonical('%MX11.3', bytes)).toBe('holding:5.11')
    expect(canonical('%MB10', bytes)).toBe('holding:5.l')
    expect(canonical('%MB11', bytes)).toBe('holding:5.h')
    for (const text of ['%MD10', '%MX10.3', '%MB10']) {
      expect(parseAddress(text)).toMatchObject({ column: 4, mend: expect.stringContaining('iecMemory: words') })
    }
    expect(parseAddress('%MB10', words)).toMatchObject({ column: 4 })
    expect(parseAddress('%MX10.8', bytes)).toMatchObject({ column: 7, message: expect.stringContaining('0 to 7') })
    expect(parseAddress('%MX10', words)).toMatchObject({ column: 6, message: expect.stringContaining('0 to 15') })
    expect(parseAddress('%MX10.3.1', words)).toMatchObject({ column: 8, message: expect.stringContaining('".1"') })
    expect(parseAddress('%MD10.3', words)).toMatchObject({ column: 6, message: expect.stringContaining('goes on') })
    expect(parseAddress('%MD40000', bytes)).toMatchObject({ column: 4, message: expect.stringContaining('80000') })
  })

  it.each([
    ['', 1, 'starts with no table'],
    [' holding:1', 1, 'starts with none of coil:, discrete:, input:, holding:'],
    ['register:1', 1, 'starts with none'],
    ['power', 1, 'starts with no table'],
    ['holding', 8, 'no ":"'],
    ['holding1', 8, 'no ":"'],
    ['holding:', 9, 'no number'],
    ['holding:x', 9, 'no number'],
    ['holding:-1', 9, 'no number'],
    ['holding:0x', 11, 'no hexadecimal digits'],
    ['holding:65536', 9, '0 to 65535'],
    ['holding:0x10000', 9, '0 to 65535'],
    ['holding:1x', 10, 'goes on with "x"'],
    ['holding:1 ', 10, 'goes on with " "'],
    ['coil:7.1', 7, 'single bit already'],
    ['00007.1', 6, 'single bit already'],
    ['C7.1', 3, 'single bit already'],
    ['holding:100.', 13, '0 to 15'],
    ['holding:100.16', 13, '0 to 15'],
    ['holding:100.3x', 14, 'goes on with "x"'],
    ['40000', 2, '1 to 65536'],
    ['400000', 2, '1 to 65536'],
    ['465537', 2, '1 to 65536'],
    ['4x0', 3, '1 to 65536'],
    ['4x', 3, '0 digits'],
    ['4001', 5, '3 digits'],
    ['4000001', 8, '6 digits'],
    ['20001', 1, 'no table'],
    ['50001', 1, 'no table'],
    ['0x10', 2, 'hexadecimal'],
    ['400001 [10]', 7, 'brackets'],
    ['holding:4[2]', 10, 'brackets'],
    ['40001.20H', 7, 'string'],
    ['3.HR1024', 1, 'unit'],
    ['1!40001', 1, 'unit'],
    ['HR', 3, 'no number'],
    ['HRX1', 3, 'no number'],
    ['HR0', 3, '1 to 65536'],
    ['HRF65537', 4, '1 to 65536'],
    ['HRS1:', 5, 'number of characters'],
    ['HRS1:20x', 5, 'number of characters'],
    ['%QW1', 2, 'no memory'],
    ['%MW', 4, 'no number'],
    ['%MW1.X16', 7, '0 to 15'],
    ['%M1.1', 4, 'goes on'],
  ])('"%s" is refused at column %i', (text, column, message) => {
    expect(parseAddress(text)).toMatchObject({ column, message: expect.stringContaining(message) })
  })

  it.each([
    ['holding:400101', 'write holding:100 for what a manual calls 400101'],
    ['400001 [10]', 'arrayLength: 10'],
    ['40001.20H', 'Write 40001, and give the tag type: String, length: 20.'],
    ['40001.20L', 'length: 20 and byteOrder: little'],
    ['3.HR1024', 'Write HR1024, and give the device unitId: 3.'],
    ['1!40001', 'Write 40001, and give the device unitId: 1.'],
    ['0x10', 'holding:0x10'],
    ['%MB5', 'iecMemory: bytes'],
  ])('"%s" is refused with what to write instead', (text, mend) => {
    expect(parseAddress(text)).toMatchObject({ mend: expect.stringContaining(mend) })
  })

  it('is read back from its canonical form, however the device counts', () => {
    const start = fc.nat(65_535)
    const register = fc.constantFrom('input' as const, 'holding' as const)
    const address = fc.oneof(
      fc.record({ area: fc.constantFrom(...areas), start }),
      fc.record({ area: register, start, bit: fc.nat(15) }),
      fc.record({ area: register, start, half: fc.constantFrom('high' as const, 'low' as const) }),
    )
    fc.assert(
      fc.property(address, fc.constantFrom(...countings), (each, counting) => {
        expect(parseAddress(formatAddress(each, counting), counting)).toEqual({ address: each })
      }),
    )
  })

  it('is one of the right table, or refused within its text, whatever the text is', () => {
    const likely = fc.stringMatching(/^(holding:|hr:|HR|HRF|4x|4|3|0|0x|%MW|%MX|%MD|C)[0-9x.hlXF:[]{0,8}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string(), likely), fc.constantFrom(...countings), (text, counting) => {
        const parsed = parseAddress(text, counting)
        if (isAddressFault(parsed)) {
          expect(parsed.column).toBeGreaterThan(0)
          expect(parsed.column).toBeLessThanOrEqual(text.length + 1)
          expect(parsed.mend).toMatch(/\.$/)
        } else {
          expect(parseAddress(formatAddress(parsed.address, counting), counting)).toMatchObject({
            address: parsed.address,
          })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('of Modicon is the same in five digits, six digits and with an x', () => {
    const table = fc.constantFrom('1', '3', '4')
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9_999 }), (first, number) => {
        const five = parseAddress(`${first}${String(number).padStart(4, '0')}`)
        expect(five).toMatchObject({ address: { start: number - 1 } })
        expect(parseAddress(`${first}${String(number).padStart(5, '0')}`)).toEqual(five)
        expect(parseAddress(`${first}x${number}`)).toEqual(five)
      }),
    )
  })
})
