import { DataType, Variant } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { plainValue, showTime, showValue, table } from '../../../../src/cli/client/format.ts'
import { expandNodeId, isTagId, shortenNodeId } from '../../../../src/cli/client/node-ids.ts'
import { scalar } from '../../../../src/opcua/data-values.ts'

const namespaces = { plant: 4, di: 2 }

describe('a value on the command line', () => {
  it.each([
    [scalar(DataType.Int64, [0xffff_ffff, 0xffff_fffb]), '-5'],
    [scalar(DataType.UInt64, [0xffff_ffff, 0xffff_ffff]), '18446744073709551615'],
    [scalar(DataType.Double, 0.1), '0.1'],
    [scalar(DataType.Boolean, false), 'false'],
    [scalar(DataType.String, 'two\nlines'), 'two lines'],
    [scalar(DataType.ByteString, Buffer.from([0, 0xff])), '00ff'],
    [scalar(DataType.Null, null), '-'],
    [scalar(DataType.DateTime, new Date(0)), '1970-01-01T00:00:00.000Z'],
    [new Variant({ dataType: DataType.LocalizedText, value: { text: 'ACME' } }), 'ACME'],
  ])('%# is exact, and on one line', (variant, shown) => {
    expect(showValue(variant)).toBe(shown)
  })

  it('keeps its type in JSON where JSON has it', () => {
    expect(plainValue(scalar(DataType.Double, 0.1))).toBe(0.1)
    expect(plainValue(scalar(DataType.Boolean, true))).toBe(true)
    expect(plainValue(scalar(DataType.Null, null))).toBeNull()
  })

  it('stands in columns, and a time that is not known is a dash', () => {
    expect(
      table([
        ['A', 'B'],
        ['long', showTime(null)],
      ]),
    ).toEqual(['A     B', 'long  -'])
  })
})

describe('a node on the command line', () => {
  it('is named device/tag, or by its full NodeId', () => {
    expect(expandNodeId('boiler/pressure', namespaces)).toBe('ns=4;s=boiler/pressure')
    expect(expandNodeId('ns=2;i=5001', namespaces)).toBe('ns=2;i=5001')
    expect(expandNodeId('i=2258', namespaces)).toBe('i=2258')
  })

  it('is shown as short as it can be named', () => {
    expect(shortenNodeId('ns=4;s=boiler/pressure', namespaces)).toBe('boiler/pressure')
    expect(shortenNodeId('ns=0;i=2258', namespaces)).toBe('ns=0;i=2258')
  })

  it('is a tag when it belongs to a device and is no property', () => {
    expect(
      ['boiler/pressure', 'boiler', 'boiler#State', 'boiler/level#EURange', '#source/a/State'].map(isTagId),
    ).toEqual([true, false, false, false, false])
  })
})
