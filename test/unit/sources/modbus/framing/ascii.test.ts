import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiFraming, lrc } from '../../../../../src/sources/modbus/framing/ascii.ts'

const read = (...chunks: (string | Buffer)[]) => {
  const found: string[] = []
  const reader = asciiFraming.reader({
    frame: (adu) => found.push(adu.toString('hex')),
    noise: () => found.push('noise'),
    skipped: () => undefined,
  })
  for (const chunk of chunks) reader.push(Buffer.from(chunk as string, 'latin1'))
  reader.silent()
  reader.clear()
  return found
}

describe('a line with ASCII', () => {
  it('carries the frame of the specification', () => {
    expect(asciiFraming.encode(Buffer.from('110300 6B0003'.replace(' ', ''), 'hex')).toString()).toBe(
      ':1103006B00037E\r\n',
    )
    expect(lrc(Buffer.from('1103006b0003', 'hex'))).toBe(0x7e)
    expect(asciiFraming.charactersOf(6)).toBe(17)
  })

  it('is read alike however it is cut', () => {
    const adus = fc.array(fc.uint8Array({ minLength: 3, maxLength: 254 }), { maxLength: 5 })
    fc.assert(
      fc.property(adus, fc.array(fc.nat(2_000)), (sent, cuts) => {
        const stream = Buffer.concat(sent.map((adu) => asciiFraming.encode(Buffer.from(adu))))
        const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
        const chunks = at.slice(1).map((end, i) => stream.subarray(at[i], end))
        expect(read(...chunks)).toEqual(sent.map((adu) => Buffer.from(adu).toString('hex')))
      }),
    )
  })

  it.each([
    ['characters between frames', 'x$%\r\n:1103006B00037E\r\n', ['noise', '1103006b0003']],
    ['a frame that another one interrupts', ':110300:1103006B00037E\r\n', ['noise', '1103006b0003']],
    ['a wrong check sum', ':1103006B00037F\r\n', ['noise']],
    ['an odd number of digits', ':1103006B00037E0\r\n', ['noise']],
    ['what is no digit', ':1103006G00037E\r\n', ['noise']],
    ['an end without CR', ':1103006B00037E\n', ['noise']],
    ['a frame without end', `:${'00'.repeat(300)}`, ['noise']],
    ['half a frame', ':1103', ['noise']],
  ])('tells noise from frames: %s', (_, line, found) => {
    expect(read(line)).toEqual(found)
  })

  it('may write its digits small', () => {
    expect(read(':1103006b00037e\r\n')).toEqual(['1103006b0003'])
  })
})
