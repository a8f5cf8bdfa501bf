import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { decodedText } from '../../../../src/config/decoded-text.ts'
import { ParsedTexts } from '../../../../src/config/parsed-texts.ts'
import { csvCell, readCsv } from '../../../../src/config/tags/csv.ts'
import { exportedTags } from '../../../../src/config/tags/export-tags.ts'
import { type ImportMode, importedTags } from '../../../../src/config/tags/import-tags.ts'

const TEXT = `sources:
  - key: line
    kind: modbus
    host: plc
    devices:
      - key: pump
        unitId: 1
        tags:
          - key: level # of the tank
            name: Level
            type: Double
            address: holding:0
            encoding: uint16
            unit: "%"
            transform: { scale: 0.1, linear: { raw: [0, 100], value: [4, 20] } }
            range: { low: -40, high: 85 }
          - { key: mode, type: UInt16, address: holding:1, states: { 0: Off, 1: On } }
      - { key: fan, unitId: 2 }
`
const texts = new ParsedTexts()
const VALUES = texts.valuesOf(TEXT)
const made = (csv: string, mode: ImportMode = 'merge') => {
  const { edits, problems } = importedTags(VALUES, csv, mode)
  const result = texts.edited(TEXT, edits)
  if ('problems' in result) throw new Error(JSON.stringify(result.problems))
  return { text: result.text, problems, devices: parse(result.text).sources[0].devices }
}

describe('tags as a table', () => {
  it('come back as they went out, and nothing changes', () => {
    const csv = exportedTags(VALUES)
    expect(csv.split('\r\n')[0]).toBe(
      'source,device,key,name,type,address,unit,states,range.low,range.high,transform.scale,transform.linear.raw,transform.linear.value,encoding',
    )
    expect(importedTags(VALUES, csv, 'replace')).toMatchObject({ edits: [], problems: [], rows: 2 })
    expect(exportedTags(VALUES, { device: 'fan' }).trimEnd().split('\r\n')).toHaveLength(1)
  })

  it('are added and changed by rows, setting by setting; an empty cell leaves a setting out', () => {
    const { devices, text, problems } = made(
      'device,key,type,address,unit,transform.scale,range.low\r\npump,level,Double,holding:7,,0.5,-40\r\nfan,speed,UInt16,holding:3,1/min,,\r\n',
    )
    expect(problems).toEqual([])
    expect(devices[0].tags[0]).toMatchObject({
      address: 'holding:7',
      transform: { scale: 0.5 },
      name: 'Level',
      range: { low: -40 },
    })
    expect(devices[0].tags[0]).not.toHaveProperty('unit')
    expect(text).toContain('# of the tank')
    expect(devices[1].tags).toEqual([{ key: 'speed', type: 'UInt16', address: 'holding:3', unit: '1/min' }])
  })

  it('that the file does not have go only where it replaces, and only from devices that it names', () => {
    const csv = 'device;key;type;address\npump;mode;UInt16;holding:1\n'
    expect(made(csv).devices[0].tags).toHaveLength(2)
    expect(made(csv, 'replace').devices[0].tags.map(({ key }: { key: string }) => key)).toEqual(['mode'])
  })

  it('of a spreadsheet that writes 0,1 are read as it means them', () => {
    const { devices } = made('device;key;transform.scale\npump;level;0,25\n')
    expect(devices[0].tags[0].transform.scale).toBe(0.25)
  })

  it.each([
    ['an unknown column', 'device,key,adress\n', 1, 'adress', /Write address/],
    ['a missing column', 'device,type\n', 1, 'key', /missing/],
    ['an unknown device', 'device,key\npump,mode\nghost,x\n', 3, 'device', /no device "ghost"/],
    ['a tag twice', 'device,key\npump,mode\n\npump,mode\n', 4, 'key', /twice/],
    ['a word for a number', 'device,key,range.low\npump,level,deep\n', 2, 'range.low', /"deep" is no number/],
    ['a setting of another protocol', 'device,key,expression\npump,level,1+1\n', 2, 'expression', /no such setting/],
    ['too many cells', 'device,key\npump,level,3\n', 2, undefined, /3 cells/],
    ['an open quote', 'device,key\n"pump,level\n', 2, undefined, /not closed/],
    ['another source', 'source,device,key\ncpu,pump,level\n', 2, 'source', /belongs to the source "line"/],
  ])('are refused with the line: %s', (_what, csv, line, column, message) => {
    const { edits, problems } = importedTags(VALUES, csv, 'merge')
    expect(edits).toEqual([])
    expect(problems).toEqual([
      { line, ...(column === undefined ? {} : { column }), message: expect.stringMatching(message) },
    ])
  })

  it('know no more than a bounded number of rows', () => {
    expect(() => readCsv(`a\n${'1\n'.repeat(12)}`, 10)).toThrow(RangeError)
  })
})

describe('a cell', () => {
  it('is no formula for a spreadsheet, and says the same when it comes back', () => {
    expect(csvCell('=HYPERLINK("http://evil")')).toBe(`"'=HYPERLINK(""http://evil"")"`)
    expect(['+1', '@SUM(A1)', '-2+3', '\tx'].map((text) => csvCell(text).replace(/^"/, '')[0])).toEqual([
      "'",
      "'",
      "'",
      "'",
    ])
    expect(['-40', '0.1', '-1e-3'].map(csvCell)).toEqual(['-40', '0.1', '-1e-3'])
  })

  it('is the same after writing and reading, whatever stands in it', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', "'", '=', '-', '@', '\t', 'ü', '1'),
    })
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        const names = cells.map((_, position) => `c${position}`)
        const { rows } = readCsv(`${names.join(',')}\r\nx,${cells.map(csvCell).join(',')}\r\n`, 10)
        expect(rows[1]?.cells.slice(1)).toEqual(cells)
      }),
      { numRuns: 300 },
    )
  })

  it('is read in the encodings of spreadsheets', () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Höhe', 'utf16le')])
    expect(
      [Buffer.from('Höhe'), utf16, Buffer.from('Höhe', 'latin1'), Buffer.from('\uFEFFHöhe')].map((bytes) =>
        decodedText(bytes),
      ),
    ).toEqual(['Höhe', 'Höhe', 'Höhe', 'Höhe'])
  })
})
