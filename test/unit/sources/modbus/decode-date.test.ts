import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { dateDecoder } from '../../../../src/sources/modbus/decode-date.ts'

const undecodable = { status: StatusCode.BadDecodingError }
const decode = (encoding: Parameters<typeof dateDecoder>[0], hexadecimal: string, timeZone?: string) =>
  dateDecoder(encoding, timeZone)(Buffer.from(hexadecimal, 'hex'), 0)
const at = (text: string) => Date.parse(text)

/** The registers in which a device's clock writes what a calendar shows, made of the calendar's own text. */
function registersOf(shown: string, encoding: 'cp56' | 'date3' | 'date6' | 'date7' | 'bcddate'): Buffer {
  const [year, month, day, hour, minute, second, milliseconds] = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)/
    .exec(shown)!
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number]
  switch (encoding) {
    case 'cp56':
      return words(year - 2000, (month << 8) | day, (hour << 8) | minute, second * 1_000 + milliseconds)
    case 'date3':
      return words((month << 8) | day, ((year - 1900) << 8) | hour, (minute << 8) | second)
    case 'date6':
      return words(year, month, day, hour, minute, second)
    case 'date7':
      return words(year, month, day, hour, minute, second, milliseconds)
    case 'bcddate':
      return Buffer.from(`${shown.replace(/[^\d]/g, '').slice(0, 14)}00`, 'hex')
  }
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value, 2 * index)
  return buffer
}

describe('a date in registers', () => {
  it.each([
    ['unix32', '6745c5c0', '2024-11-26T12:57:36Z'],
    ['unix32', 'ffffffff', '2106-02-07T06:28:15Z'],
    ['unix64', '000000006745c5c0', '2024-11-26T12:57:36Z'],
    ['unix64', 'ffffffffffffffff', '1969-12-31T23:59:59Z'],
    ['unix64ms', '00000193689a0700', '2024-11-26T13:12:25.088Z'],
    // As Schneider Electric documents TI081: year 24; November, Tuesday, 26; 12:57; 36.5 s.
    ['cp56', '00180b7a0c398e94', '2024-11-26T12:57:36.500Z'],
    // The example of Schneider Electric's FA296948, with the minute of its text.
    ['date3', '0119640b063b', '2000-01-25T11:06:59Z'],
    ['date6', '07e8000b001a000c00390024', '2024-11-26T12:57:36Z'],
    ['date7', '07e8000b001a000c0039002403e7', '2024-11-26T12:57:36.999Z'],
    ['bcddate', '2024112612573600', '2024-11-26T12:57:36Z'],
  ] as const)('is a moment: %s %s', (encoding, hexadecimal, moment) => {
    expect(decode(encoding, hexadecimal)).toBe(at(moment))
  })

  it.each([
    ['no month', 'date6', '07e80000001a000c00390024'],
    ['month 13', 'date6', '07e8000d001a000c00390024'],
    ['30 February', 'date6', '07e80002001e000c00390024'],
    ['29 February of a common year', 'date3', '021d7d000000'],
    ['hour 24', 'date3', '01196418063b'],
    ['minute 60', 'date3', '0119640b3c3b'],
    ['second 60', 'date3', '0119640b063c'],
    ['1,000 milliseconds', 'date7', '07e8000b001a000c0039002403e8'],
    ['year 24, of which the century is missing', 'date6', '0018000b001a000c00390024'],
    ['all zeros', 'cp56', '0000000000000000'],
    ['60,000 milliseconds', 'cp56', '00180b7a0c39ea60'],
    ['digits that are none', 'bcddate', '20241a2612573600'],
    ['a year that is none', 'bcddate', 'ffffffffffffffff'],
    ['a second beyond 9999', 'unix64', '7fffffffffffffff'],
    ['a time before 1601', 'unix64ms', '8000000000000000'],
  ] as const)('that no calendar has is a decoding error: %s (%s)', (_, encoding, hexadecimal) => {
    expect(decode(encoding, hexadecimal)).toEqual(undecodable)
  })

  it('that the device itself calls invalid is a sensor failure', () => {
    expect(decode('cp56', '00180b7a0cb98e94')).toEqual({ status: StatusCode.BadSensorFailure })
  })

  it.each(['cp56', 'date3', 'date6', 'date7', 'bcddate'] as const)('comes back as it was written: %s', (encoding) => {
    const moments = fc.date({ min: new Date('2000-01-01'), max: new Date('2127-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(moments, (moment) => {
        const exact = encoding === 'cp56' || encoding === 'date7'
        const expected = exact ? moment.getTime() : Math.floor(moment.getTime() / 1_000) * 1_000
        expect(dateDecoder(encoding)(registersOf(moment.toISOString(), encoding), 0)).toBe(expected)
      }),
    )
  })
})

describe('the clock of a device in a time zone', () => {
  it.each([
    ['Europe/Berlin', '2024-07-01T12:00:00.000', '2024-07-01T10:00:00Z'],
    ['Europe/Berlin', '2024-01-01T12:00:00.000', '2024-01-01T11:00:00Z'],
    ['+05:30', '2024-01-01T12:00:00.000', '2024-01-01T06:30:00Z'],
    ['-03:00', '2024-01-01T22:00:00.000', '2024-01-02T01:00:00Z'],
    ['America/New_York', '2024-03-10T01:59:59.000', '2024-03-10T06:59:59Z'],
    ['America/New_York', '2024-03-10T03:00:00.000', '2024-03-10T07:00:00Z'],
    ['UTC', '2024-03-31T02:30:00.000', '2024-03-31T02:30:00Z'],
  ])('%s shows %s at %s', (timeZone, shown, moment) => {
    expect(dateDecoder('date6', timeZone)(registersOf(shown, 'date6'), 0)).toBe(at(moment))
  })

  it('never shows the hour that spring leaves out', () => {
    const skipped = registersOf('2024-03-31T02:30:00.000', 'date6')
    expect(dateDecoder('date6', 'Europe/Berlin')(skipped, 0)).toEqual(undecodable)
  })

  it('shows an hour of autumn twice, and is believed only where it says that it is still summer', () => {
    const shown = '2024-10-27T02:30:00.000'
    expect(dateDecoder('date6', 'Europe/Berlin')(registersOf(shown, 'date6'), 0)).toEqual(undecodable)
    const registers = registersOf(shown, 'cp56')
    expect(dateDecoder('cp56', 'Europe/Berlin')(registers, 0)).toEqual(undecodable)
    registers[4]! |= 0x80
    expect(dateDecoder('cp56', 'Europe/Berlin')(registers, 0)).toBe(at('2024-10-27T00:30:00Z'))
  })

  it('shows every other moment once', () => {
    const zones = ['Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Australia/Lord_Howe', '+14:00', '-11:00']
    const moments = fc.integer({ min: at('2001-01-01T00:00:00Z') / 1_000, max: at('2060-01-01T00:00:00Z') / 1_000 })
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), (seconds, timeZone) => {
        const moment = new Date(1_000 * seconds)
        const shown = `${moment.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')}.000`
        const decoded = dateDecoder('date6', timeZone)(registersOf(shown, 'date6'), 0)
        const isTwice = [-1, 1].some((hours) => {
          const other = new Date(moment.getTime() + hours * 3_600_000)
          const half = new Date(moment.getTime() + hours * 1_800_000)
          return [other, half].some((each) =>
            shown.startsWith(each.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')),
          )
        })
        expect(decoded).toEqual(isTwice ? undecodable : moment.getTime())
      }),
      { numRuns: 300 },
    )
  })
})
