import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHello } from '../../../../src/opcua/hardening/hello.ts'

function hello(url = 'opc.tcp://gateway:4840/penstock'): Buffer {
  const bytes = Buffer.alloc(32 + url.length)
  bytes.write('HELF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length, 4)
  bytes.writeInt32LE(url.length, 28)
  bytes.write(url, 32, 'latin1')
  return bytes
}

describe('the first bytes of a connection', () => {
  it('are complete when they are one Hello, with an endpoint URL, an empty one or none', () => {
    const without = hello('')
    without.writeInt32LE(-1, 28)

    expect([hello(), hello(''), without].map(checkHello)).toEqual(['complete', 'complete', 'complete'])
  })

  it('are incomplete as long as they are the beginning of one', () => {
    const whole = hello()
    for (let length = 0; length < whole.length; length++) {
      expect(checkHello(whole.subarray(0, length))).toBe('incomplete')
    }
  })

  it.each<[string, Buffer]>([
    ['another message', Buffer.from('OPNF')],
    ['a chunk that is not the last', Buffer.from('HELC')],
    ['a length below that of any Hello', Buffer.from('48454c4608000000', 'hex')],
    ['a length above what a Hello may have', Buffer.from('48454c4601100000', 'hex')],
    ['one byte too many', Buffer.concat([hello(), Buffer.of(0)])],
  ])('are refused: %s', (_what, bytes) => {
    expect(checkHello(bytes)).toEqual({ refused: expect.any(String) })
  })

  it('of any kind get an answer, and never more than a Hello is waited for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
        const verdict = checkHello(Buffer.concat([Buffer.from('HELF'), bytes]))
        expect(verdict === 'incomplete' && bytes.length > 4_096).toBe(false)
      }),
    )
  })
})
