import { describe, expect, it } from 'vitest'
import { ReadEncoder } from '../../../../src/sources/modbus/read-encoder.ts'

describe('the request for a part of a table', () => {
  it.each([
    ['coil', '0b0107d00013'],
    ['discrete', '0b0207d00013'],
    ['holding', '0b0307d00013'],
    ['input', '0b0407d00013'],
  ] as const)('of area %s is as MODBUS Application Protocol V1.1b3 §6.1 to §6.4 has it', (area, hex) => {
    const { adu, request } = new ReadEncoder().encode(11, area, 2_000, 19)
    expect(adu.toString('hex')).toBe(hex)
    expect(request).toMatchObject({ unitId: 11, functionCode: adu[1] })
    expect(request.dataBytes).toBe(area === 'coil' || area === 'discrete' ? 3 : 38)
  })

  it('is another one wherever unit, area, address or count are others, and else the same', () => {
    const encoder = new ReadEncoder()
    const asked = [
      [1, 'holding', 0, 1],
      [2, 'holding', 0, 1],
      [1, 'input', 0, 1],
      [1, 'holding', 1, 1],
      [1, 'holding', 0, 2],
      [0, 'coil', 65_535, 1],
      [255, 'input', 65_535, 1],
      [255, 'coil', 0, 2_000],
    ] as const
    const written = () =>
      asked.map(([unitId, area, start, count]) => encoder.encode(unitId, area, start, count).adu.toString('hex'))
    const first = written()
    expect(first).toEqual([
      '010300000001',
      '020300000001',
      '010400000001',
      '010300010001',
      '010300000002',
      '0001ffff0001',
      'ff04ffff0001',
      'ff01000007d0',
    ])
    expect(written()).toEqual(first)
  })

  it('is right however many others were asked for before', () => {
    const encoder = new ReadEncoder()
    const wrong = Array.from({ length: 5_000 }, (_, start) => start).filter(
      (start) => encoder.encode(1, 'holding', start, 2).adu.readUInt16BE(2) !== start,
    )
    expect(wrong).toEqual([])
    expect(encoder.encode(1, 'holding', 0, 2).adu.toString('hex')).toBe('010300000002')
  })
})
