import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../../../../src/sources/chirpstack/discovery/glob.ts'

describe('a pattern of a rule', () => {
  it.each([
    ['Building*', 'building 3', true],
    ['*climate', 'Hall 3 Climate', true],
    ['Hall ?', 'Hall 3', true],
    ['Hall ?', 'Hall 33', false],
    ['Hall', 'Hall 3', false],
    ['*', '', true],
    ['?', '', false],
    ['a*b*c', 'aXbXXbc', true],
    ['a*b*c', 'aXcXXb', false],
    ['über*', 'ÜBERGABE', true],
    ['?', '🌡', true],
    ['[a-z].+', 'hall', false],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected)
  })

  it('without a star or question mark means exactly this text, whatever the case', () => {
    const plain = fc.stringMatching(/^[a-z0-9 .+()-]*$/)
    fc.assert(
      fc.property(plain, plain, (pattern, text) => {
        expect(matchesGlob(pattern.toUpperCase(), text)).toBe(pattern === text)
      }),
    )
  })

  it('with stars is found in any text that has its parts in this order', () => {
    const part = fc.stringMatching(/^[a-z]{0,4}$/)
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.array(part), (parts, fillers) => {
        const text = parts.map((each, position) => `${each}${fillers[position] ?? ''}`).join('')
        expect(matchesGlob(`${parts.join('*')}*`, text)).toBe(true)
      }),
    )
  })
})
