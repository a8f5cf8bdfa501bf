import { expect, it } from 'vitest'
import { fitArgument, fitPlain, type Wanted } from '../../../src/core/fit-argument.ts'
import { statusName } from '../../../src/core/status-code.ts'

const states = [
  { value: 0, name: 'Off', codes: [] },
  { value: 1, name: 'On', codes: [] },
]

it.each<[string, Wanted, unknown, string]>([
  ['a number too large', { type: 'UInt16' }, 65_536, 'BadOutOfRange: 65536 .*from 0 to 65535'],
  ['a fraction', { type: 'SByte' }, 1.5, 'BadTypeMismatch: 1.5 .*from -128 to 127'],
  ['digits that JSON rounds', { type: 'Int64' }, 2 ** 53, 'BadOutOfRange: .*beyond 9007199254740991 in quotes'],
  ['64 bits too large', { type: 'UInt64' }, 2n ** 64n, 'BadOutOfRange: 18446744073709551616 .*to 18446744073709551615'],
  ['a decimal comma', { type: 'Double' }, '1,5', 'BadTypeMismatch: "1,5" .*finite number'],
  ['more than a float holds', { type: 'Float' }, 1e39, 'BadOutOfRange: .*3.4e38'],
  ['an unknown state', { type: 'UInt16', states }, 'Open', 'BadTypeMismatch: .*0 \\(Off\\), 1 \\(On\\)'],
  [
    'a list too short',
    { type: 'Byte', arrayLength: 3 },
    [1],
    'BadTypeMismatch: A list of 1 .*Write a list of 3, of which each',
  ],
  [
    'a wrong element',
    { type: 'Byte', arrayLength: 3 },
    [1, 2, 256],
    'BadOutOfRange: .*element 2 is 256.*from 0 to 255',
  ],
])('who writes %s is told what would fit', (_what, wanted, given, expected) => {
  const fitted = fitArgument(wanted, given)
  expect('status' in fitted ? `${statusName(fitted.status)}: ${fitted.reason}` : 'taken').toMatch(
    new RegExp(`^${expected}`),
  )
})

it.each<[Wanted, unknown]>([
  [{ type: 'DateTime' }, 1_795_290_740],
  [{ type: 'DateTime', arrayLength: 2 }, ['2026-07-23T10:00:00Z', 0]],
])('seconds of the epoch out of JSON are never taken for the milliseconds of a DateTime', (wanted, given) => {
  const fitted = fitPlain(wanted, given)
  expect('status' in fitted ? statusName(fitted.status) : 'taken').toBe('BadTypeMismatch')
  expect(fitted).toMatchObject({ reason: expect.stringContaining('ISO 8601') })
})

it('a time of ISO 8601 out of JSON is a DateTime', () => {
  expect(fitPlain({ type: 'DateTime' }, '2026-07-23T10:00:00Z')).toEqual({ value: Date.UTC(2026, 6, 23, 10) })
})
