import { describe, expect, it } from 'vitest'
import { hashPassword, isPassword, isPasswordHash } from '../../../src/core/password.ts'
import { passwordProblem } from '../../../src/core/password-rule.ts'

describe('a password', () => {
  it.each([
    ['eleven char', 'needs 12'],
    ['x'.repeat(300), 'at most 256'],
    ['aaaaaaaaaaaaaaaa', 'few characters'],
    ['passwordpassword', 'guesser'],
    ['changeme1234', 'guesser'],
    ['operator-one', 'name of the user'],
  ])('%j is refused, in words', (password, words) => {
    expect(passwordProblem('operator-one', password)).toContain(words)
  })

  it.each(['correct horse battery', 'ein Satz mit Umlauten äöü', '日本語のパスワードです。長い文'])(
    '%j is taken: length is what counts',
    (password) => {
      expect(passwordProblem('olga', password)).toBeUndefined()
    },
  )

  it('is known again by its hash, however its characters were typed, and no other one is', async () => {
    const hash = await hashPassword('pässword of olga')

    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/)
    expect(await isPassword('pa\u0308ssword of olga', hash)).toBe(true)
    expect(await isPassword('password of olga', hash)).toBe(false)
  })

  it('has another hash each time', async () => {
    expect(await hashPassword('pässword of olga')).not.toBe(await hashPassword('pässword of olga'))
  })

  it.each(['', 'pässword', '$scrypt$ln=31,r=8,p=5$aaaaaaaaaaaaaaaaaaaaaa$aaaaaaaaaaaaaaaaaaaaaa', '$2b$10$abc'])(
    'is never %j: that is no hash, or one that would cost more than the gateway gives',
    async (hash) => {
      expect(isPasswordHash(hash)).toBe(false)
      expect(await isPassword('pässword', hash)).toBe(false)
    },
  )
})
