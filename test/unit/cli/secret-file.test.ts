import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readSecretFile } from '../../../src/cli/secret-file.ts'
import { OpenSecretError } from '../../../src/config/secrets.ts'

it('a secret is read of a file that only some may read, and of none that is open to all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-secret-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = (name: string, mode: number) => {
    writeFileSync(join(folder, name), 's3cret', { mode })
    return join(folder, name)
  }
  expect(readSecretFile(file('own', 0o600))).toBe('s3cret')
  expect(readSecretFile(file('group', 0o640))).toBe('s3cret')
  expect(() => readSecretFile(file('open', 0o644))).toThrow(OpenSecretError)
  expect(() => readSecretFile(join(folder, 'none'))).toThrow(/ENOENT/)
})
