import { describe, expect, it } from 'vitest'
import { interpretations } from '../../../../src/cli/field/byte-order.ts'

/** What is marked as the expected value. */
const marked = (hex: string, expected: number) =>
  interpretations(Buffer.from(hex, 'hex'), expected)
    .filter(({ matches }) => matches)
    .map(({ encoding, byteOrder, wordOrder }) => [encoding, byteOrder, wordOrder])

describe('registers in every byte order', () => {
  it.each([
    ['42f6e979', 'big', 'big'],
    ['e97942f6', 'big', 'little'],
    ['f64279e9', 'little', 'big'],
    ['79e9f642', 'little', 'little'],
  ])('show the float 123.456 in %s', (hex, byteOrder, wordOrder) => {
    expect(marked(hex, 123.456)).toEqual([['float32', byteOrder, wordOrder]])
  })

  it('show a value that the device holds in tenths', () => {
    expect(marked('00d7', 21.5)).toEqual([
      ['int16', 'big', 'big'],
      ['uint16', 'big', 'big'],
    ])
  })

  it('keep every digit of 64 bits', () => {
    const found = interpretations(Buffer.from('7fffffffffffffff', 'hex')).find(({ encoding }) => encoding === 'int64')
    expect(found?.value).toBe(9_223_372_036_854_775_807n)
  })

  it('give no value where the bits are no number', () => {
    const [found] = interpretations(Buffer.from('7fc00000', 'hex')).filter(({ encoding }) => encoding === 'float32')
    expect(found).not.toHaveProperty('value')
  })

  it('leave out encodings that need more registers', () => {
    expect(new Set(interpretations(Buffer.alloc(2)).map(({ encoding }) => encoding))).toEqual(
      new Set(['int16', 'uint16', 'bcd16', 'float16']),
    )
  })
})
