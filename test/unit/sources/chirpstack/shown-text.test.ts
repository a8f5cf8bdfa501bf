import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shownText } from '../../../../src/sources/chirpstack/shown-text.ts'

describe('a name that somebody wrote in ChirpStack', () => {
  it.each([
    ['Büro 3. Stock – «Nord»', 'Büro 3. Stock – «Nord»'],
    ['温度センサー', '温度センサー'],
    ['حساس الحرارة', 'حساس الحرارة'],
    ['👩‍🔧 pump', '👩‍🔧 pump'],
    ['  Hall  ', 'Hall'],
    ['Hall\u001b[31m red\u0007', 'Hall [31m red'],
    ['Hall\nForged line', 'Hall Forged line'],
    ['Hall\u2028next', 'Hall next'],
    ['pump\u202efdp.exe\u202c', 'pump fdp.exe'],
    ['\u2066hidden\u2069', 'hidden'],
    ['half \ud83d of a pair', 'half   of a pair'],
    ['\u0000', ''],
  ])('%j is shown as %j', (text, shown) => expect(shownText(text, 200)).toBe(shown))

  it('of a thousand characters is cut, between two of them', () => {
    expect(shownText('a'.repeat(1_000), 200)).toBe(`${'a'.repeat(199)}…`)
    expect(shownText('👩'.repeat(1_000), 10)).toBe(`${'👩'.repeat(9)}…`)
  })

  it('is never longer than it may be, and shown once more is the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (text, longest) => {
        const shown = shownText(text, longest)
        expect([...shown].length).toBeLessThanOrEqual(longest)
        expect(shownText(shown, longest)).toBe(shown)
        expect(Buffer.from(shown).toString()).toBe(shown)
      }),
    )
  })
})
