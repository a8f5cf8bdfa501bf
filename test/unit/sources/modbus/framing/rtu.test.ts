import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeRtu, rtuFraming } from '../../../../../src/sources/modbus/framing/rtu.ts'
import { requestOf } from '../../../../../src/sources/modbus/request.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
/** Three registers from 100 of unit 1. */
const asked = hex('01 03 0064 0003')
const answer = hex('01 03 06 0001 0002 0003')

/** A reader that expects the answer to `adu`, and what it found. */
function expecting(adu: Buffer) {
  const found: string[] = []
  const skipped: string[] = []
  const reader = rtuFraming.reader({
    frame: (frame) => found.push(frame.toString('hex')),
    noise: () => found.push('noise'),
    skipped: (bytes) => skipped.push(bytes.toString('hex')),
  })
  const request = requestOf(adu)
  if (!request) throw new Error('no read')
  reader.expect(request, encodeRtu(adu))
  return { reader, found, skipped }
}

describe('what a line with RTU brings', () => {
  it('is read alike however it is cut, and whatever frames come before', () => {
    const frames = [
      asked,
      answer,
      hex('01 83 02'),
      hex('09 03 02 0007'),
      hex('07 06 0001 0002'),
      hex('02 04 04 00010002'),
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...frames), { maxLength: 6 }), fc.array(fc.nat(200)), (sent, cuts) => {
        const { reader, found } = expecting(asked)
        const stream = Buffer.concat(sent.map(encodeRtu))
        const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
        at.slice(1).forEach((end, i) => {
          reader.push(stream.subarray(at[i], end))
        })
        expect(found).toEqual(sent.map((each) => each.toString('hex')))
      }),
    )
  })

  it('is searched for the answer, whatever noise comes before it, as soon as the line is silent', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (noise) => {
        const { reader, found } = expecting(asked)
        reader.push(Buffer.from(noise))
        reader.push(encodeRtu(answer))
        if (!found.includes(answer.toString('hex'))) reader.silent()
        expect(found).toContain(answer.toString('hex'))
      }),
    )
  })

  it('is no frame where the check sum is wrong', () => {
    const { reader, found } = expecting(asked)
    const wrong = Buffer.from(encodeRtu(answer))
    wrong[4] = 0xff
    reader.push(wrong)
    reader.silent()
    reader.clear()
    expect(found).toEqual(['noise'])
  })

  it('keeps an answer whose bytes come slowly', () => {
    const { reader, found } = expecting(asked)
    for (const byte of encodeRtu(answer)) {
      reader.push(Buffer.of(byte))
      reader.silent()
    }
    expect(found).toEqual([answer.toString('hex')])
  })

  it('is thrown away with the next request', () => {
    const { reader, found } = expecting(asked)
    reader.push(encodeRtu(answer).subarray(0, 6))
    reader.clear()
    reader.push(encodeRtu(answer).subarray(6))
    reader.silent()
    expect(found).not.toContain(answer.toString('hex'))
  })
})

describe('an answer whose length the device chooses', () => {
  const identification = hex('01 2b 0e 01 83 00 00 02 00 04 41636d65 01 02 454d')
  const serverId = hex('01 11 03 414203')

  it.each([
    ['function 43', hex('01 2b 0e 01 00'), identification],
    ['function 17', hex('01 11'), serverId],
  ])('is found with %s however it is cut, behind an echo and noise', (_, asking, answering) => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(fc.nat(200)), (echoed, cuts) => {
        const { reader, found } = expecting(asking)
        const stream = Buffer.concat([...(echoed ? [encodeRtu(asking)] : []), encodeRtu(answering)])
        const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
        at.slice(1).forEach((end, i) => {
          reader.push(stream.subarray(at[i], end))
        })
        expect(found).toEqual([...(echoed ? [asking] : []), answering].map((each) => each.toString('hex')))
      }),
    )
    const { reader, found } = expecting(asking)
    reader.push(hex('00 2b ff'))
    reader.push(encodeRtu(answering))
    reader.silent()
    expect(found.at(-1)).toBe(answering.toString('hex'))
  })

  it('is left out where something else is asked for', () => {
    const { reader, found } = expecting(asked)
    reader.push(encodeRtu(identification))
    reader.push(encodeRtu(answer))
    reader.silent()
    expect(found.at(-1)).toBe(answer.toString('hex'))
  })
})
