import { describe, expect, it } from 'vitest'
import { DataBlocks } from '../../../../src/demo/s7/data-blocks.ts'
import { JobServer } from '../../../../src/demo/s7/s7-jobs.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const SETUP = hex('32010000 0001 0008 0000 f000 0008 0008 03c0')

function server(): JobServer {
  const jobs = new JobServer(new DataBlocks(new Map([[1, Buffer.alloc(500, 7)]]), new Set([1])), 240)
  jobs.answer(SETUP)
  return jobs
}

/** A read request for `count` items of `length` bytes of DB1. */
function readRequest(count: number, length: number): Buffer {
  const item = Buffer.from([0x12, 0x0a, 0x10, 0x02, 0, length, 0, 1, 0x84, 0, 0, 0])
  const parameters = Buffer.concat([Buffer.of(4, count), ...Array.from({ length: count }, () => item)])
  const header = Buffer.from([0x32, 1, 0, 0, 0, 9, 0, 0, 0, 0])
  header.writeUInt16BE(parameters.length, 6)
  return Buffer.concat([header, parameters])
}

const errorOf = (reply: Buffer) => reply.subarray(10, 12).toString('hex')

describe('the jobs of the simulated CPU', () => {
  it('begin with a setup that grants what it has', () => {
    const jobs = new JobServer(new DataBlocks(new Map(), new Set()), 240)
    expect(jobs.answer(SETUP)).toEqual(hex('32030000 0001 0008 0000 0000 f000 0004 0004 00f0'))
  })

  it('are refused before the setup', () => {
    const jobs = new JobServer(new DataBlocks(new Map(), new Set()), 240)
    expect(errorOf(jobs.answer(readRequest(1, 1)))).toBe('8104')
  })

  it('read up to 20 items and not one more', () => {
    expect(errorOf(server().answer(readRequest(20, 2)))).toBe('0000')
    expect(errorOf(server().answer(readRequest(21, 2)))).toBe('8104')
  })

  it('give no reply longer than the PDU', () => {
    expect(server().answer(readRequest(1, 222))).toHaveLength(240)
    expect(errorOf(server().answer(readRequest(1, 223)))).toBe('8500')
  })

  it('fill odd items, but not the last', () => {
    expect(server().answer(readRequest(2, 1)).subarray(14)).toEqual(hex('ff040008 0700 ff040008 07'))
  })

  it('of another function are refused', () => {
    expect(errorOf(server().answer(hex('32010000 0009 0001 0000 1d')))).toBe('8104')
  })

  it.each(['32070000 0001 0000 0000 0000', '32010000 0009 0002 0000 0401', '32010000 0009 0001 0005 0400', '0102'])(
    'that are malformed (%s) end the connection',
    (text) => {
      expect(() => server().answer(hex(text))).toThrow()
    },
  )
})
