import { describe, expect, it } from 'vitest'
import type { DataType } from '../../../../src/core/data-type.ts'
import { type Resolved, resolveTag } from '../../../../src/sources/s7/resolve.ts'

const resolve = (address: string, type: DataType, encoding?: string, arrayLength?: number): Resolved =>
  resolveTag({ address, type, encoding, arrayLength })

const itemOf = (resolved: Resolved) => {
  if (!resolved.ok) throw new Error(resolved.fault.message)
  return resolved.item
}

const faultOf = (resolved: Resolved) => {
  if (resolved.ok) throw new Error('accepted')
  return resolved.fault
}

describe('a tag', () => {
  it('that is calculated with may be any number of the PLC, and the result is what must fit', () => {
    const tag = { address: 'DB1,DINT4', type: 'Float', transform: { scale: 0.001 } } as const
    expect(itemOf(resolveTag(tag))).toMatchObject({ type: 'DINT', asBigInt: false })
    expect(resolveTag({ ...tag, transform: { noSensor: [-1] } })).toMatchObject({ fault: { setting: 'type' } })
    expect(resolveTag({ ...tag, address: 'DB1,X0.0' })).toMatchObject({ fault: { setting: 'type' } })
  })

  it('with a typed address reads what the address says', () => {
    expect(itemOf(resolve('DB5,STRING20.30', 'String'))).toEqual({
      area: 'DB',
      db: 5,
      offset: 20,
      length: 32,
      type: 'STRING',
      bit: 0,
      maxLength: 30,
      asBigInt: false,
      count: undefined,
      stride: 32,
    })
    expect(itemOf(resolve('DB5,X3.7', 'Boolean'))).toMatchObject({ offset: 3, length: 1, bit: 7, type: 'BOOL' })
    expect(itemOf(resolve('DB5,INT2', 'Int64'))).toMatchObject({ type: 'INT', asBigInt: true })
  })

  it.each<[string, DataType, string]>([
    ['DB1.DBX0.1', 'Boolean', 'BOOL'],
    ['DB1.DBB0', 'Byte', 'BYTE'],
    ['DB1.DBB0', 'Double', 'BYTE'],
    ['DB1.DBW0', 'Int16', 'INT'],
    ['DB1.DBW0', 'UInt16', 'WORD'],
    ['DB1.DBW0', 'UInt32', 'WORD'],
    ['DB1.DBD0', 'Int32', 'DINT'],
    ['DB1.DBD0', 'UInt32', 'DWORD'],
    ['DB1.DBD0', 'UInt64', 'DWORD'],
    ['DB1.DBD0', 'Float', 'REAL'],
    ['DB1.DBB0', 'SByte', 'SINT'],
    ['DB1.DBB0', 'Int16', 'BYTE'],
    ['DB1.DBB0', 'String', 'CHAR'],
    ['DB1.DBW0', 'String', 'WCHAR'],
    ['DB1.DBW0', 'DateTime', 'DATE'],
    ['MW0', 'Int16', 'INT'],
    ['IW64', 'UInt16', 'WORD'],
    ['Q0.0', 'Boolean', 'BOOL'],
    ['T5', 'Double', 'TIMER'],
    ['C3', 'UInt16', 'COUNTER'],
  ])('at %s of type %s reads a %s', (address, type, s7Type) => {
    expect(itemOf(resolve(address, type)).type).toBe(s7Type)
  })

  it.each<[string, DataType, string]>([
    ['DB1.DBD0', 'Double', 'DWORD or DINT or REAL'],
    ['DB1.DBD0', 'Int64', 'DWORD or DINT'],
    ['DB1.DBW0', 'Int32', 'WORD or INT'],
    ['DB1.DBW0', 'Float', 'WORD or INT'],
  ])('at %s of type %s must say which of %s it is', (address, type, choices) => {
    const { setting, message } = faultOf(resolve(address, type))
    expect(setting).toBe('encoding')
    expect(message).toContain(choices)
  })

  it('says by its encoding what a double word holds', () => {
    expect(itemOf(resolve('DB1.DBD0', 'Double', 'real')).type).toBe('REAL')
    expect(itemOf(resolve('DB1.DBD0', 'Double', 'DINT')).type).toBe('DINT')
    expect(itemOf(resolve('DB1,REAL0', 'Double', 'REAL')).type).toBe('REAL')
    expect(itemOf(resolve('MD0', 'Double', 'TIME')).type).toBe('TIME')
    expect(itemOf(resolve('DB1.DBD0', 'Double', 'TIME_OF_DAY')).type).toBe('TOD')
    expect(itemOf(resolve('MW0', 'Int64', 'S5TIME'))).toMatchObject({ type: 'S5TIME', asBigInt: true })
  })

  it('of a timer or counter reads two bytes from its number', () => {
    expect(itemOf(resolve('T5', 'Double'))).toMatchObject({ area: 'T', db: 0, offset: 10, length: 2 })
    expect(itemOf(resolve('Z0', 'Int16', undefined, 4))).toMatchObject({ area: 'C', offset: 0, length: 8, stride: 2 })
  })

  it.each<[string, DataType, number, number]>([
    ['DB1,INT0', 'Int16', 10, 20],
    ['DB1,X0.3', 'Boolean', 6, 2],
    ['DB1,X0.3', 'Boolean', 5, 1],
    ['DB1,STRING0.3', 'String', 2, 11],
    ['DB1,WSTRING0.3', 'String', 2, 20],
    ['DB1,DTL0', 'DateTime', 3, 36],
    ['DB1,REAL0', 'Double', 235, 940],
  ])('at %s of type %s with %i elements reads %i bytes', (address, type, count, length) => {
    expect(itemOf(resolve(address, type, undefined, count))).toMatchObject({ count, length })
  })

  it('cannot be an array that no CPU answers at once', () => {
    const fault = faultOf(resolve('DB1,REAL0', 'Double', undefined, 236))
    expect(fault.setting).toBe('arrayLength')
    expect(fault.message).toContain('at most 942')
    expect(fault.mend).toContain('at most 235')
  })

  it.each<[string, DataType, string | undefined, string, string]>([
    ['DB1,REAL0', 'Int32', undefined, 'type', 'Float, Double'],
    ['DB1,DINT0', 'Float', undefined, 'type', 'Int32, Int64, Double'],
    ['DB1,LREAL0', 'Float', undefined, 'type', 'Double'],
    ['DB1,WORD0', 'Int16', undefined, 'type', 'UInt16'],
    ['DB1,INT0', 'UInt16', undefined, 'type', 'Int16'],
    ['DB1,BYTE0', 'SByte', undefined, 'type', 'Byte'],
    ['DB1,X0.0', 'Byte', undefined, 'type', 'Boolean'],
    ['DB1,STRING0.5', 'Byte', undefined, 'type', 'String'],
    ['DB1.DBW0', 'Byte', undefined, 'type', 'UInt16'],
    ['DB1.DBD0', 'String', undefined, 'type', 'Float'],
    ['DB1.DBD0', 'Int16', 'INT', 'encoding', 'DWORD, DINT, REAL'],
    ['DB1.DBD0', 'Double', 'LREAL', 'encoding', 'DB1,LREAL'],
    ['DB1.DBD0', 'Double', 'float32', 'encoding', 'REAL'],
    ['DB1,REAL0', 'Double', 'DINT', 'encoding', 'says REAL'],
    ['DB1,REAL', 'Double', undefined, 'address', 'Column 9'],
  ])('at %s of type %s, encoding %s, is refused for its %s, naming %s', (address, type, encoding, setting, words) => {
    const fault = faultOf(resolve(address, type, encoding))
    expect(fault.setting).toBe(setting)
    expect(`${fault.message} ${fault.mend}`).toContain(words)
  })
})
