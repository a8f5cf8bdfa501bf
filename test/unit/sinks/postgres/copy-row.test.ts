import { describe, expect, it } from 'vitest'
import { copyLine, timeText } from '../../../../src/sinks/postgres/copy-row.ts'

const line = (type: string, value: Parameters<typeof copyLine>[1]['value']) =>
  copyLine(0, { tagId: 1, type, sourceTime: 0, serverTime: 1, status: 0, value })

describe('a row for COPY', () => {
  it('has its value in the column of its type, and nothing elsewhere', () => {
    const times = '0\t1\t1970-01-01T00:00:00.000Z\t1970-01-01T00:00:00.001Z\t0'
    expect(line('Double', -0)).toBe(`${times}\t-0\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\n`)
    expect(line('UInt64', -1n)).toBe(`${times}\t\\N\t18446744073709551615\t\\N\t\\N\t\\N\t\\N\t\\N\n`)
    expect(line('Boolean', 1n)).toBe(`${times}\t\\N\t\\N\tt\t\\N\t\\N\t\\N\t\\N\n`)
    expect(line('String', 'a\tb\\N\n')).toBe(`${times}\t\\N\t\\N\t\\N\ta\\tb\\\\N\\n\t\\N\t\\N\t\\N\n`)
    expect(line('String', '\0')).toBe(`${times}\t\\N\t\\N\t\\N\t\\N\t\\\\x00\t\\N\t\\N\n`)
    expect(line('DateTime', 1.5)).toBe(`${times}\t\\N\t\\N\t\\N\t\\N\t\\N\t1970-01-01T00:00:00.0015000Z\t\\N\n`)
    expect(line('Double[2]', '[1,"x"]')).toBe(`${times}\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\t[1,"x"]\n`)
    expect(line('Double', null)).toBe(`${times}\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\n`)
  })

  it('has any year that PostgreSQL has, and is none of others', () => {
    expect(timeText(Date.UTC(2026, 0, 1))).toBe('2026-01-01T00:00:00.000Z')
    expect(timeText(Date.UTC(12_026, 0, 1))).toBe('12026-01-01T00:00:00.000Z')
    expect(timeText(-62_198_755_200_000)).toBe('0002-01-01T00:00:00.000Z BC')
    expect(timeText(-8.64e15)).toBeUndefined()
    expect(timeText(Number.MAX_SAFE_INTEGER)).toBeUndefined()
  })
})
