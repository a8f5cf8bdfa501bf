import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFault, parseExpression } from '../../../../src/sources/calculated/parse.ts'

const refused = (text: string) => isFault(parseExpression(text))

describe('nothing but an expression is read', () => {
  it.each([
    'constructor',
    'constructor("return process")()',
    '[a/b].constructor',
    '[a/b]["constructor"]',
    '"".constructor.constructor("return 1")()',
    '__proto__',
    'this',
    'this.constructor',
    'globalThis',
    'process.exit(1)',
    'toString()',
    'hasOwnProperty("x")',
    'valueOf',
    'abs.constructor("x")',
    'abs.call(1)',
    '(abs)(1)()',
    'abs',
    '$0',
    '$0 + [a/b]',
    'null',
    'undefined',
    'x = 1',
    '[a/b] = 1',
    '[a/b]++',
    'a => a',
    'new Date()',
    '`x`',
    '`$',
    '{}',
    '{"a": 1}',
    '1; 2',
    '1, 2',
    '1 2',
    '[1, 2]',
    '[]',
    '[a/b][0]',
    '[a/b]?.x',
    '/x/.test("x")',
    '1 & 2',
    '1 | 2',
    '1 << 2',
    '~1',
    '1 === 1',
    'typeof 1',
    '1e999',
    '0x1F',
    '"a',
    '(1',
    '1)',
    '',
    ' ',
    '1 +',
    'if(1, 2)',
    'abs()',
    'abs(1, 2)',
    'min()',
    'min(1,,2)',
    'nothing(1)',
    '[boiler]',
    '[Boiler/flow]',
    '[a/b',
    '[__proto__/constructor]',
    '[a/b/c]',
    '\u202e[a/b]',
    'а/b',
  ])('%s is refused', (text) => {
    expect(parseExpression(text)).toEqual({ message: expect.stringMatching(/\S/), mend: expect.stringMatching(/\S/) })
  })

  it.each([
    ['long', `1${'+1'.repeat(1_000)}`],
    ['deep in brackets', `${'('.repeat(60)}1${')'.repeat(60)}`],
    ['deep in calls', `${'abs('.repeat(200)}1${')'.repeat(200)}`],
    ['made of quotes', '"'.repeat(999)],
    ['made of backslashes', `"${'\\'.repeat(998)}`],
    ['made of open brackets', '['.repeat(1_000)],
    ['made of signs that lead nowhere', '-'.repeat(1_000)],
    ['made of questions', '1?'.repeat(500)],
    ['made of spaces and a slip', `${' '.repeat(998)}!`],
  ])('what is %s is refused', (_what, text) => {
    expect(refused(text)).toBe(true)
  })

  it.each([
    ['signs', `${'-'.repeat(990)}1`],
    ['sums', `1${'+1'.repeat(499)}`],
    ['choices', `${'true?1:'.repeat(140)}2`],
    ['powers', `1${'**1'.repeat(330)}`],
    ['tags', `[a/b]${'+[a/b]'.repeat(160)}`],
  ])('as many %s as there is room for are read', (_what, text) => {
    expect(refused(text)).toBe(false)
  })

  it('whatever is written, an answer comes, and it is an expression or a reason', () => {
    const part = fc.constantFrom(
      ...[
        '[a/b]',
        '(',
        ')',
        '+',
        '-',
        '*',
        '/',
        '?',
        ':',
        ',',
        '.',
        '"',
        "'",
        'abs',
        'if',
        '!',
        '1',
        'x',
        ' ',
        '[',
        ']',
        '=',
        '&&',
      ],
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          fc.array(part, { maxLength: 40 }).map((all) => all.join('')),
        ),
        (text) => {
          const parsed = parseExpression(text)
          expect(isFault(parsed) ? parsed.message : parsed.root.kind).toMatch(/\S/)
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('what is wrong is said', () => {
  it.each([
    ['[boiler-1/flow] * * 2', 'character 19', '[boiler-1/flow] * 3.6'],
    ['abz(1)', 'abz', 'Write abs.'],
    ['flow * 2', '"flow"', 'in brackets'],
    ['[flow] * 2', 'character 1: "flow"', '[device key/tag key]'],
    ['1 & 2', 'operator &', 'bit(x, 3)'],
    ['round(1, 2, 3)', '1 or 2 values, not 3', 'Correct'],
  ])('%s', (text, message, mend) => {
    expect(parseExpression(text)).toEqual({
      message: expect.stringContaining(message),
      mend: expect.stringContaining(mend),
    })
  })
})
